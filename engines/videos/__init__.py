"""Videos: frames one by one, what is seen in them followed and hidden."""
