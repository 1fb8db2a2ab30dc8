"""Leads: who may buy a car, who of ours sees to it, how far it is, and how fast people react."""
