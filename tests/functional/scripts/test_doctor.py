"""``doctor``: what it passes, and the fix that it names."""

from __future__ import annotations

import json

from tests.functional.scripts.site import Site


def test_doctor_passes_where_all_is_there_and_names_each_fix(ready_site: Site) -> None:
    done = ready_site.run("doctor", "--stage", "preprod")
    assert done.returncode == 0, done.stdout + done.stderr
    broken = ready_site.run("doctor", "--output", "json", AWS_PREPROD_ACCOUNT_NUMBER="444444444444")
    assert broken.returncode == 20
    findings = {(each["stage"], each["subject"]): each for each in json.loads(broken.stdout)["findings"]}
    assert findings["preprod", "reader role"]["fix"] == "make bootstrap"
    assert findings["prod", "foundation"]["state"] == "pass"
