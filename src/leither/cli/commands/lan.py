"""`leither lan`: how other machines reach the node, and how they come to trust it."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Group
from leither.cli.output import Output, moment
from leither.cli.qr import qr_text
from leither.cli.session import Session, pass_session
from leither.errors import Conflict, NotFound
from leither.web.trust_steps import FILE_NAME, STEPS, kind_of_this_machine


class NoCertificate(NotFound):
    """The node has no certificate to show."""

    code = "no-certificate"

    def __init__(self) -> None:
        super().__init__(
            "this node has no certificate for other machines; `leither up --lan` lets them reach it with one of its "
            'own, and so does tls = "local" with host = "lan" in its settings'
        )


class NotReached(Conflict):
    """Other machines don't reach the node now."""

    code = "not-reached"

    def __init__(self) -> None:
        super().__init__(
            "other machines don't reach this node now; `leither up --lan` starts it so that they do, and so does "
            'host = "lan" with tls = "local" in its settings'
        )


def reached(found: dict[str, Any], host: str | None = None) -> str:
    """Return the host that other machines should use: the one that was chosen, else the best. Raises: NotReached."""
    if not found["hosts"]:
        raise NotReached
    return host or str(found["hosts"][0])


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
@pass_session
def lan(session: Session, context: click.Context) -> None:
    """Show how other machines reach the node; have them trust it.

    `leither up --lan` lets the machines of its networks reach it.
    """
    if context.invoked_subcommand is not None:
        return
    with session.api() as api:
        found: dict[str, Any] = api.get("/lan")
        running = api.running
    session.show({**found, "running": running}, lambda output: _show(output, found, running=running))


def _show(output: Output, found: dict[str, Any], *, running: bool) -> None:
    if not found["urls"]:
        output.line("other machines don't reach this node" + ("" if running else ", which is not running"))
    elif found["encrypted"]:
        output.line("other machines reach this node, encrypted, at")
    else:
        output.line("other machines reach this node, with NOTHING encrypted, at")
    for url in found["urls"]:
        output.line(f"  {url}")
    authority, certificate = found["authority"], found["certificate"]
    output.fields(
        [
            ("redis", found["redis"][0] if found["redis"] else None),
            ("authority", authority["fingerprint"] if authority else None),
            ("certificate", certificate["fingerprint"] if certificate else None),
            ("for", ", ".join(certificate["names"]) if certificate else None),
            ("until", moment(certificate["ends"]) if certificate else None),
        ]
    )
    for app in found["apps"]:
        output.line(f"port {app['port']} is of the app {app['id']}")
    for warning in found["warnings"]:
        output.notice(f"warning: {warning}")


@lan.command()
@pass_session
def fingerprint(session: Session) -> None:
    """Print the SHA-256 that other machines show, to compare it."""
    with session.api() as api:
        found = api.get("/lan")
    shown = found["authority"] or found["certificate"]
    if shown is None:
        raise NoCertificate
    session.show({"fingerprint": shown["fingerprint"]}, lambda output: output.line(shown["fingerprint"]))


@lan.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=f"{FILE_NAME}.pem")
@click.option("--der", is_flag=True, help="In the form that Windows and phones take; FILE should end with .crt.")
@pass_session
def export(session: Session, file: Path, der: bool) -> None:
    """Write the authority's certificate to FILE, for other machines to trust.

    It is no secret. The authority's key stays in the home folder.
    """
    with session.api() as api:
        authority = api.get("/lan")["authority"]
    if authority is None:
        raise NoCertificate
    text: str = authority["certificate"]
    data = text.encode("ascii")
    if der:
        import ssl

        data = ssl.PEM_cert_to_DER_cert(text)
    file.write_bytes(data)
    answer = {"file": str(file), "fingerprint": authority["fingerprint"]}
    session.show(answer, lambda output: output.line(f"{file}: {authority['fingerprint']}"))


@lan.command()
@click.argument("kind", type=click.Choice([*STEPS, "all"]), required=False)
@pass_session
def trust(session: Session, kind: str | None) -> None:
    """Say how a machine comes to trust the node; by default, one like this.

    The same stands at /trust of the node, for phones.
    """
    chosen = kind or kind_of_this_machine() or "all"
    wanted = {name: steps for name, steps in STEPS.items() if chosen in (name, "all")}
    answer = [
        {"kind": name, "file": steps.file, "steps": [step.replace("`", "") for step in steps.filled]}
        for name, steps in wanted.items()
    ]

    def human(output: Output) -> None:
        for steps in wanted.values():
            form = " --der" if steps.ending == "crt" else ""
            output.line(f"{steps.title}: with the file of `leither lan export{form} {steps.file}`, or from /trust,")
            for number, step in enumerate(steps.filled, 1):
                output.line(f"  {number}. {step.replace('`', '')}")

    session.show({"items": answer}, human)


@lan.command()
@click.option("--host", metavar="NAME", help="The name or address to lead to, instead of the best.")
@pass_session
def qr(session: Session, host: str | None) -> None:
    """Print a QR code that leads a phone to the node's page for trusting it.

    The address carries the fingerprint, and it stands below the code, to be compared with what the phone shows.
    """
    with session.api() as api:
        found = api.get("/lan")
    chosen = reached(found, host)
    url = next((url for url in found["urls"] if f"//{chosen}:" in url or f"//{chosen}/" in url), None)
    if url is None:
        raise NotReached
    held = found["authority"] or found["certificate"]
    shown: str | None = held and held["fingerprint"]
    address = f"{url}trust#sha256={shown.replace(':', '')}" if shown and found["authority"] else url

    def human(output: Output) -> None:
        print(qr_text(address))
        output.line(address)
        if shown:
            output.line(f"SHA-256 {shown}")

    session.show({"url": address, "fingerprint": shown}, human)


@lan.command()
@click.argument("mimei", metavar="ID")
@pass_session
def free(session: Session, mimei: str) -> None:
    """Let another app have the port of this one.

    A browser keeps what an app stored for as long as it likes, and gives it to whatever comes at the same port. So do
    this only when no browser that opened the app matters any more.
    """
    with session.api() as api:
        found = resolve_whole(api, mimei)
        api.delete(f"/lan/apps/{quote(found, safe='')}")
    session.show({"id": found}, lambda output: output.line(f"{found} has no port any more"))
