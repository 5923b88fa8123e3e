"""One table a check, run by `flatline.testing.RuleTester`."""
