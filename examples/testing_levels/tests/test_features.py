"""Level 1: the transformation alone. No orchestrator, no database, milliseconds: python3 -m unittest discover tests"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from features import user_features


class UserFeatures(unittest.TestCase):
    def test_events_of_a_user_are_counted_and_summed(self):
        events = [
            {"user_id": "u1", "event_time": "2024-01-15T08:00:00", "amount": "10.0"},
            {"user_id": "u1", "event_time": "2024-01-15T09:00:00", "amount": "20.0"},
            {"user_id": "u2", "event_time": "2024-01-15T08:30:00", "amount": "15.0"},
            {"user_id": "u2", "event_time": "2024-01-15T10:00:00", "amount": "15.0"},
            {"user_id": "u2", "event_time": "2024-01-15T23:59:59", "amount": "15.0"},
        ]
        rows = {row["user_id"]: row for row in user_features(events, "2024-01-15")}
        self.assertEqual((rows["u1"]["event_count"], rows["u1"]["total_amount"]), (2, 30.0))
        self.assertEqual((rows["u2"]["event_count"], rows["u2"]["total_amount"]), (3, 45.0))

    def test_another_day_does_not_count(self):
        events = [{"user_id": "u1", "event_time": "2024-01-14T23:59:59", "amount": "10.0"}]
        self.assertEqual(user_features(events, "2024-01-15"), [])

    def test_the_order_of_events_changes_nothing(self):
        events = [{"user_id": f"u{i % 3}", "event_time": "2024-01-15T08:00:00", "amount": str(i)} for i in range(9)]
        self.assertEqual(user_features(events, "2024-01-15"), user_features(reversed(events), "2024-01-15"))


if __name__ == "__main__":
    unittest.main()
