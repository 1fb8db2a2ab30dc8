"""First run: the data every installation starts with, and the guide that leads to the first call."""
