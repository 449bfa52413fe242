"""What is sent: forms, raw bodies, and pictures by URL."""
