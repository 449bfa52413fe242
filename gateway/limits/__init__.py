"""What one caller may hold, and how often it may ask."""
