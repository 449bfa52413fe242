"""The AeroVision API: matching as tasks."""
