"""Screens on walls: a link that shows one store's board, until it is taken back."""

from __future__ import annotations

from django.conf import settings

from dealerline.adapters import snapshot
from dealerline.apps.accounts.logic.walls import key_of
from dealerline.apps.accounts.models import WallScreen
from dealerline.switch import tickets
from tests.integration.records.conftest import Browser, World


def test_a_walls_link_opens_its_board_until_it_is_taken_back(world: World) -> None:
    secret = settings.DEALERLINE.secret("desk")
    wall = WallScreen.objects.create(name="前台", store=world.east)
    nobody = Browser()
    key = key_of(wall, secret)
    answer = nobody.send("POST", "/api/wall/ticket", {"key": key})
    ticket = tickets.read(answer.json()["ticket"], secret, 0)
    assert (ticket.person, ticket.wall, ticket.serial) == (0, wall.pk, 1)
    assert [(w.id, w.stores) for w in snapshot.build().walls] == [(wall.pk, (world.east.pk,))]
    wall.refresh_from_db()
    assert wall.seen_at is not None
    mine = key.partition(".")[2]
    for wrong in ("", "x", f"{wall.pk}.", f"{wall.pk}.{'0' * 32}", f"{wall.pk + 1}.{mine}", "²." + key):
        assert nobody.send("POST", "/api/wall/ticket", {"key": wrong}).status_code in (403, 422)
    WallScreen.objects.filter(pk=wall.pk).update(serial=2)
    refused = nobody.send("POST", "/api/wall/ticket", {"key": key})
    assert (refused.status_code, refused.json()["code"]) == (403, "wall_ended")
    WallScreen.objects.filter(pk=wall.pk).update(serial=1, active=False)
    assert nobody.send("POST", "/api/wall/ticket", {"key": key}).status_code == 403
    assert snapshot.build().walls == ()


def test_only_who_manages_the_store_sees_the_link(world: World) -> None:
    wall = WallScreen.objects.create(name="前台", store=world.east)
    path = f"/admin/accounts/wallscreen/{wall.pk}/change/"
    key = key_of(wall, settings.DEALERLINE.secret("desk"))
    for name in ("alice", "lena", "charlie", "walter"):
        answer = world.browser(name).get(path)
        assert answer.status_code != 200 and key not in answer.content.decode()
    assert key in world.browser("max").get(path).content.decode()
