"""Who is rung for whom, as people write it down: skills, rules of queues, lending, caller lists, duty rosters."""
