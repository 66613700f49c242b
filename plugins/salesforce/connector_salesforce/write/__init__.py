"""Writers: one for each API, behind one signature."""
