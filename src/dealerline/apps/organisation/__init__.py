"""Group, regions, stores, lines, numbers, opening hours, carriers, desk phones."""
