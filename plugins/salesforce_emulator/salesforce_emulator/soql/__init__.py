"""SOQL, as far as looking up records needs it. SOQL and SOSL Reference, "SOQL SELECT Syntax"."""
