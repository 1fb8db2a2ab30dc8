"""Outside systems: a folder each, complete with its tests in tests/unit/integrations, one exception type each.

What a dealer-management system has to be for us stands in ports.py; ``folder`` is the worked example.
"""
