"""How early, and at what price in false alarms: simulated streams judged by beets and by the common rules.

python -m benchmarks.rhythm [--quick] [--streams 96] [--copies 3] [--rates 4 15] [--json] [--processes 2] [--seed 6]
"""
