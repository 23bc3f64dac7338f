"""Officers over time: who stands in for whom, who left and is succeeded by whom."""
