#!/usr/bin/env python3
"""Runs WorkOS's own Python SDK against a server and checks that every answer parses and every list ends.

    WORKOS_URL=http://127.0.0.1:PORT WORKOS_API_KEY=sk_... python sdk_check.py [--peer strict|vendor]

Needs requirements.txt installed; installs nothing. The server must hold more than 7 users, one of them with
at least 8 sessions. One session of that user is revoked. 140 requests for 40 users with 300 sessions.

--peer strict (default): all that WorkOS documents and the SDK can see must hold.
--peer vendor: for the emulator in npm's `workos` 0.14.0. A check that fails is excused only where a raw request
at the start has shown that this server lacks the thing; it then says "not offered" and what was seen. A gap
that has gone is not excused.

Exit 0 nothing failed, 1 something failed, 2 wrong use, 77 the SDK is not installed.
"""
import argparse
import itertools
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
for name in ("WORKOS_BASE_URL", "WORKOS_CLIENT_ID"):
    os.environ.pop(name, None)
try:
    import workos
    from workos import WorkOSClient
except ImportError as problem:
    print(f"SKIP: the WorkOS SDK is not there ({problem}); pip install -r requirements.txt")
    sys.exit(77)

parser = argparse.ArgumentParser(description="WorkOS's Python SDK against a server")
parser.add_argument("--peer", choices=("strict", "vendor"), default=os.environ.get("WORKOS_SDK_PEER", "strict"))
options = parser.parse_args()
URL = os.environ.get("WORKOS_URL", "").rstrip("/")
KEY = os.environ.get("WORKOS_API_KEY", "")
if not URL or not KEY:
    print("set WORKOS_URL and WORKOS_API_KEY")
    sys.exit(2)

SESSION_KEYS = ("id", "user_id", "status", "auth_method", "ip_address", "user_agent", "expires_at", "ended_at",
                "created_at", "updated_at")
MEMBER_KEYS = ("id", "user_id", "organization_id", "status", "directory_managed", "role", "roles", "user",
               "created_at", "updated_at")
KINDS = ["session.created", "session.revoked"]
NOBODY = "user_01AAAAAAAAAAAAAAAAAAAAAAAA"
NO_SESSION = "session_01AAAAAAAAAAAAAAAAAAAAAAAA"


# --- raw requests: the truth that the SDK's view is compared with ------------------------------------------------
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def raw(path, **query):
    text = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None}, doseq=True)
    request = urllib.request.Request(f"{URL}{path}" + (f"?{text}" if text else ""),
                                     headers={"Authorization": f"Bearer {KEY}", "Accept": "application/json"})
    for attempt in range(3):
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as answer:
            body = answer.read()
            if answer.code == 429 and attempt < 2:
                time.sleep(min(float(answer.headers.get("Retry-After") or 1), 60))
                continue
            try:
                return answer.code, json.loads(body)
            except ValueError:
                return answer.code, body.decode("utf-8", "replace")


def walk(path, **query):
    """All items, page after page; guards against a server whose cursor never ends."""
    found, seen, after = [], set(), None
    for _ in range(500):
        status, body = raw(path, limit=100, after=after, **query)
        if status != 200:
            raise AssertionError(f"GET {path} -> {status} {body}")
        fresh = [item for item in body["data"] if item["id"] not in seen]
        found += fresh
        seen.update(item["id"] for item in fresh)
        after = body["list_metadata"].get("after")
        if not after or not fresh:
            return found
    raise AssertionError(f"{path}: no end after 500 pages")


def sessions_path(user_id):
    return f"/user_management/users/{user_id}/sessions"


# --- bookkeeping -------------------------------------------------------------------------------------------------
passed, failed, missing = [], [], []
gaps = {}


def check(title, *excuses):
    """Runs the decorated function at once. excuses: names of gaps that may explain a failure."""
    def run(body):
        try:
            note = body()
        except Exception as problem:  # whatever the SDK throws is a finding
            text = f"{type(problem).__name__}: {problem}".splitlines()[0][:300]
            seen = [gaps[name] for name in excuses if name in gaps]
            if options.peer == "vendor" and seen:
                missing.append(title)
                print(f"--    {title}: not offered: {'; '.join(seen)}")
            else:
                failed.append(title)
                print(f"FAIL  {title}: {text}")
        else:
            passed.append(title)
            print(f"ok    {title}" + (f" ({note})" if note else ""))
        return body
    return run


def same(got, wanted, what):
    if got != wanted:
        if isinstance(got, list) and isinstance(wanted, list):
            at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
            raise AssertionError(f"{what}: {len(got)} items instead of {len(wanted)}, first difference at {at}")
        raise AssertionError(f"{what}: {got!r} instead of {wanted!r}")


def must(condition, what):
    if not condition:
        raise AssertionError(what)


def refused(call, kinds, status):
    try:
        call()
    except kinds as problem:
        must(problem.status_code in status, f"status {problem.status_code}, wanted one of {status}")
        must(problem.message and problem.message != "No message", "the error carries no message")
        must(problem.request_id, "the answer carries no X-Request-ID")
        return f"{type(problem).__name__} {problem.status_code} {problem.code or 'without code'}: {problem.message}"
    raise AssertionError("it was answered, not refused")


def ids(items):
    return [item.id for item in items]


def forwards(fetch, wanted, size):
    """Page after page by the cursors the server gives, then the same by the SDK's own iterator."""
    page = fetch(limit=size)
    must(page.before is None, f"`before` of the first page is {page.before}")
    got = ids(page.data)
    while page.after is not None and len(got) <= len(wanted):
        same(len(page.data), size, "rows on a page that is not the last")
        page = fetch(limit=size, after=page.after)
        must(page.data, "an empty page followed a cursor")
        got += ids(page.data)
    same(got, wanted, "page after page")
    items = list(itertools.islice(fetch(limit=size).auto_paging_iter(), len(wanted) + size + 1))
    same(ids(items), wanted, "the SDK's iterator")
    return items


def backwards(fetch, newest_first, size):
    """From the last item back to the first, by the cursors the server gives."""
    cursor, got = newest_first[-1], [newest_first[-1]]
    for _ in range(len(newest_first) + 1):
        page = fetch(limit=size, before=cursor)
        here = ids(page.data)
        wanted = newest_first[:newest_first.index(cursor)][-size:]
        same(here, wanted, f"the {size} items before {cursor}")
        got = here + got
        if page.before is None:
            break
        cursor = page.before
    same(got, newest_first, "walking back")


client = WorkOSClient(api_key=KEY, client_id="client_usher", base_url=URL, request_timeout=30)
people = client.user_management
print(f"SDK workos {version('workos')} against {URL}, peer {options.peer}")

# --- what the server offers, seen without the SDK ----------------------------------------------------------------
try:
    users = walk("/user_management/users", order="desc")
    must(len(users) > 7, f"only {len(users)} users; more than 7 are needed")
    best, its_sessions = None, []
    for user in users[:150]:
        found = walk(sessions_path(user["id"]), order="desc")
        if len(found) > len(its_sessions):
            best, its_sessions = user["id"], found
        if len(its_sessions) > 200:
            break
    must(len(its_sessions) >= 8, f"no user with 8 sessions or more (best: {len(its_sessions)})")
    events = walk("/events", order="asc", events=",".join(KINDS))
    lacking = sorted({key for item in its_sessions for key in SESSION_KEYS if key not in item})
    if lacking:
        gaps["session-keys"] = f"session objects lack {', '.join(lacking)}"
    _, one = raw(sessions_path(best), limit=1, order="desc")
    if len(one["data"]) != 1:
        gaps["session-paging"] = f"the session list ignores limit, order and cursors ({len(one['data'])} items for limit=1)"
    if raw(sessions_path(best), limit=1, after=NO_SESSION)[0] == 200:
        gaps["bad-cursor"] = "an unknown cursor is answered with 200"
    if raw(sessions_path(best), limit=0)[0] == 200 or raw("/user_management/users", limit=101)[0] == 200:
        gaps["bad-limit"] = "a limit outside 1..100 is answered with 200"
    _, back = raw("/user_management/users", limit=2, before=users[-1]["id"], order="desc")
    if [item["id"] for item in back["data"]] != [item["id"] for item in users[-3:-1]]:
        gaps["before"] = "`before` gives the first page of the list, not the items next to the cursor"
    if any(item["event"] not in KINDS for item in events):
        gaps["event-filter"] = "comma-joined `events` is ignored, all kinds come"
    if any(item["event"] in KINDS and key not in item["data"] for item in events for key in SESSION_KEYS):
        gaps["event-keys"] = "session events carry the same incomplete object"
    ended = [item for item in events if item["event"] == "session.revoked"]
    if ended and ended[-1]["data"].get("status") != "revoked":
        gaps["revoked-status"] = "session.revoked carries no status and no ended_at"
    future = (datetime.now(timezone.utc) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if raw("/events", range_start=future, events=",".join(KINDS), limit=1)[1].get("data"):
        gaps["range"] = "range_start is ignored"
    organizations = walk("/organizations", order="desc")
    members = []
    for organization in organizations:
        members = walk("/user_management/organization_memberships", organization_id=organization["id"])
        if members:
            break
    if any(key not in item for item in members for key in MEMBER_KEYS):
        gone = sorted({key for item in members for key in MEMBER_KEYS if key not in item})
        gaps["member-keys"] = f"membership objects lack {', '.join(gone)}"
    if raw("/user_management/organization_memberships")[0] == 200:
        gaps["member-scope"] = "memberships of everybody are listed without user_id or organization_id"
except (AssertionError, OSError, KeyError, TypeError, ValueError) as problem:
    print(f"FAIL  the server cannot be looked at: {problem}")
    print("0 passed, 1 failed")
    sys.exit(1)

for name in sorted(gaps):
    print(f"seen  {gaps[name]}")


# --- users -------------------------------------------------------------------------------------------------------
@check("users: a page parses")
def _():
    page = people.list_users(limit=100)
    must(page.data, "empty")
    for user in page.data:
        must(user.object == "user" and user.id and user.email, f"incomplete: {user}")
        must(isinstance(user.created_at, datetime) and user.created_at.tzinfo, "created_at has no zone")
    return f"{len(page.data)} users"


@check("users: paging by 7 reaches the end, no row twice, newest first")
def _():
    got = forwards(lambda **at: people.list_users(**at), [user["id"] for user in users], 7)
    must(all(a.created_at >= b.created_at for a, b in zip(got, got[1:])), "not newest first")
    return f"{len(got)} in {-(-len(got) // 7)} pages"


@check("users: order=asc is the reverse")
def _():
    forwards(lambda **at: people.list_users(order="asc", **at), [user["id"] for user in reversed(users)], 30)


@check("users: walking back with `before`", "before")
def _():
    backwards(lambda **at: people.list_users(**at), [user["id"] for user in users], 7)


@check("users: e-mail filter finds one, an unknown address none")
def _():
    same(ids(people.list_users(email=users[0]["email"]).data), [users[0]["id"]], "by e-mail")
    same(people.list_users(email="nobody@nowhere.example").data, [], "unknown address")


@check("users: get one; an unknown id is refused")
def _():
    same(people.get_user(users[0]["id"]).email, users[0]["email"], "get")
    return refused(lambda: people.get_user(NOBODY), workos.NotFoundError, (404,))


@check("users: a limit of 101 is refused", "bad-limit")
def _():
    return refused(lambda: people.list_users(limit=101), workos.UnprocessableEntityError, (422,))


# --- organizations -----------------------------------------------------------------------------------------------
@check("organizations: paging by 2 reaches the end")
def _():
    forwards(lambda **at: client.organizations.list_organizations(**at), [item["id"] for item in organizations], 2)
    return f"{len(organizations)} organizations"


@check("memberships of an organization parse", "member-keys")
def _():
    must(members, "no organization has members")
    page = client.organization_membership.list_organization_memberships(
        organization_id=members[0]["organization_id"], limit=100)
    same(sorted(ids(page.auto_paging_iter())), sorted(item["id"] for item in members), "memberships")
    return f"{len(members)} members"


@check("users of an organization are its members")
def _():
    must(members, "no organization has members")
    got = ids(people.list_users(organization_id=members[0]["organization_id"], limit=100).auto_paging_iter())
    same(sorted(got), sorted(item["user_id"] for item in members), "users")


@check("memberships without user and organization are refused", "member-scope")
def _():
    return refused(lambda: client.organization_membership.list_organization_memberships(),
                   (workos.BadRequestError, workos.UnprocessableEntityError), (400, 422))


# --- sessions ----------------------------------------------------------------------------------------------------
@check("sessions: a page parses", "session-keys")
def _():
    page = people.list_sessions(best, limit=100)
    must(page.data, "empty")
    for session in page.data:
        must(session.object == "session" and session.user_id == best, f"incomplete: {session}")
        must(session.expires_at > session.created_at, "expires_at is not after created_at")
        must(getattr(session.status, "value", session.status) == "active", f"status {session.status}")
    return f"{len(page.data)} of {len(its_sessions)} sessions"


size = 2 if len(its_sessions) < 20 else 7 if len(its_sessions) < 100 else 40


@check(f"sessions: paging by {size} reaches the end, no row twice, newest first", "session-keys", "session-paging")
def _():
    got = forwards(lambda **at: people.list_sessions(best, **at), [item["id"] for item in its_sessions], size)
    must(all(a.created_at >= b.created_at for a, b in zip(got, got[1:])), "not newest first")
    return f"{len(got)} in {-(-len(got) // size)} pages"


@check("sessions: order=asc is the reverse", "session-keys", "session-paging")
def _():
    forwards(lambda **at: people.list_sessions(best, order="asc", **at),
             [item["id"] for item in reversed(its_sessions)], 100)


@check("sessions: walking back with `before`", "session-keys", "session-paging", "before")
def _():
    backwards(lambda **at: people.list_sessions(best, **at), [item["id"] for item in its_sessions], size)


@check("sessions: an unknown cursor is refused", "bad-cursor")
def _():
    return refused(lambda: people.list_sessions(best, after=NO_SESSION), workos.UnprocessableEntityError, (422,))


@check("sessions: a limit of 0 is refused", "bad-limit")
def _():
    return refused(lambda: people.list_sessions(best, limit=0), workos.UnprocessableEntityError, (422,))


@check("sessions of an unknown user are refused")
def _():
    return refused(lambda: people.list_sessions(NOBODY), workos.NotFoundError, (404,))


# --- revoke ------------------------------------------------------------------------------------------------------
victim = its_sessions[len(its_sessions) // 2]["id"]


@check("revoke: one session, gone from the list, the others stay")
def _():
    people.revoke_session(session_id=victim)
    left = [item["id"] for item in walk(sessions_path(best), order="desc")]
    same(left, [item["id"] for item in its_sessions if item["id"] != victim], "the list afterwards")


@check("revoke: the same again is refused")
def _():
    return refused(lambda: people.revoke_session(session_id=victim),
                   (workos.NotFoundError, workos.BadRequestError), (400, 404))


@check("revoke: an unknown id is refused")
def _():
    return refused(lambda: people.revoke_session(session_id=NO_SESSION),
                   (workos.NotFoundError, workos.BadRequestError), (400, 404))


@check("a wrong key is refused, list and revoke")
def _():
    with WorkOSClient(api_key="sk_test_wrong", client_id="client_usher", base_url=URL) as other:
        seen = refused(lambda: other.user_management.list_sessions(best), workos.AuthenticationError, (401,))
        refused(lambda: other.user_management.revoke_session(session_id=its_sessions[0]["id"]),
                workos.AuthenticationError, (401,))
    same(raw(sessions_path(best))[0], 200, "with the right key")
    return seen


# --- events ------------------------------------------------------------------------------------------------------
@check("events: a page parses", "event-keys", "event-filter")
def _():
    page = client.events.list_events(events=KINDS, limit=100, order="asc")
    must(page.data, "empty")
    return f"{len(page.data)} events"


@check("events: only the kinds asked for", "event-keys", "event-filter")
def _():
    for kind in KINDS:
        got = client.events.list_events(events=[kind], limit=100, order="asc").data
        must(got, f"no {kind}")
        must(all(getattr(item, "event", None) == kind for item in got), f"others among {kind}")


@check("events: paging by 25 reaches the end, oldest first, no row twice", "event-keys", "event-filter")
def _():
    now = [item["id"] for item in walk("/events", order="asc", events=",".join(KINDS))]
    got = forwards(lambda **at: client.events.list_events(events=KINDS, order="asc", **at), now, 25)
    must(all(a.created_at <= b.created_at for a, b in zip(got, got[1:])), "not oldest first")
    return f"{len(got)} events"


@check("events: the revoke above is there, with status and end", "event-keys", "revoked-status")
def _():
    found = [item for item in client.events.list_events(events=["session.revoked"], limit=100, order="desc").data
             if item.data.id == victim]
    must(len(found) == 1, f"{len(found)} events for it")
    same(getattr(found[0].data.status, "value", found[0].data.status), "revoked", "status")
    must(found[0].data.ended_at, "no ended_at")


@check("events: nothing after the last one", "event-keys", "event-filter")
def _():
    last = walk("/events", order="asc", events=",".join(KINDS))[-1]["id"]
    page = client.events.list_events(events=KINDS, after=last, order="asc")
    same((page.data, page.after), ([], None), "after the last")


@check("events: range_start in the future gives none", "range", "event-keys")
def _():
    same(client.events.list_events(events=KINDS, range_start=future).data, [], "events")


client.close()
if missing:
    print(f"{len(missing)} not offered by this server")
print(f"{len(passed)} passed, {len(failed)} failed")
sys.exit(1 if failed else 0)
