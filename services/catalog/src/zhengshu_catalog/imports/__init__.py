"""The first day: a department's catalogue from a workbook, previewed, confirmed, reported line by line."""
