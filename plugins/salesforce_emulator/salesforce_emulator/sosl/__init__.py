"""Search for records that contain some words. SOQL and SOSL Reference, "SOSL Syntax"."""
