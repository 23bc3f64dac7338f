"""A business system's life (信息化系统登记汇聚), and the statement of what it has aggregated."""
