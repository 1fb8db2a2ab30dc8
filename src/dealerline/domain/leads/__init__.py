"""Leads: somebody who may buy a car, and who of ours sees to it. Pure rules; times are given, never asked."""
