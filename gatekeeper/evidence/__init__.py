"""Evidence: the commands of a packet's TEST_PLAN run with limits, their output kept and read."""
