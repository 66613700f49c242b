"""The manual, and what writes its generated parts."""
