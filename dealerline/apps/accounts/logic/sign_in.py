"""(placeholder, replaced below)"""
