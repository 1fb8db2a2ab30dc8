"""Rules as statements, counting, labelling, scoring."""
