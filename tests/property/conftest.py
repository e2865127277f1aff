"""Comparisons in the tests' client say what differs."""

import pytest

pytest.register_assert_rewrite("tests.client")
