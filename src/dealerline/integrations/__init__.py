"""Outside systems: a folder each, one exception type each; their tests are in tests/unit/integrations and, where
they write records, in tests/integration/records.

What a dealer-management system has to be for us stands in ports.py; ``folder`` is the worked example.
"""
