"""What a proxy says of its client is believed only of as many proxies as a setting names."""

import pytest
from fakes import fake_app
from flask import request

FORWARDED = {"X-Forwarded-For": "10.0.0.9, 10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "digits.test"}


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        (0, "127.0.0.1 http://localhost/"),
        (1, "10.0.0.1 https://digits.test/"),
        (2, "10.0.0.9 http://localhost/"),  # the first of two said nothing of scheme and host
    ],
)
def test_a_proxy_is_believed_only_if_it_is_counted(proxies, seen):
    app = fake_app(PROXIES=proxies)
    app.add_url_rule("/seen", view_func=lambda: f"{request.remote_addr} {request.host_url}")
    assert app.test_client().get("/seen", headers=FORWARDED).text == seen


def test_gunicorn_believes_no_proxy_either(server, get):
    """It would refuse these two, which contradict each other, from a proxy that it believes."""
    assert get(f"{server}/livez", **{"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}).status == 200
