"""Programs, as in the tests of the API."""

from tests.api.conftest import program as program
