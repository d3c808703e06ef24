"""What is known of a Program without running it, and the passes that rewrite it; one file each.

They are in this layer because both the extractor and the compiler use them, and neither knows
the other. Nothing here is needed to run a compiled program.
"""
