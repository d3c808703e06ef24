"""What is known of a Program without running it, and the passes that rewrite it; one file each.

They stand on this floor because both the extractor and the compiler use them, and neither knows
the other. Nothing here is needed to run a compiled program.
"""
