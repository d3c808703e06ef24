"""Neural Turing Machines: tasks on sequences, the soft machine, its discretization, training."""
