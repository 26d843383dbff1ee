"""How early, and at what price in false alarms: simulated streams judged by beets and by the common rules.

python -m benchmarks.rhythm [--quick] [--streams 24] [--copies 3] [--json] [--processes 2] [--seed 6]
"""
