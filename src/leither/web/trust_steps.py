"""How a machine is made to trust a node's authority, step by step, for each kind of machine.

`{file}` stands for the file of the certificate. A step in backquotes is a command, to be typed as it stands.
"""

import platform
import sys
from dataclasses import dataclass

FILE_NAME = "leither-authority"
"""Without its ending: `.pem` for text, `.crt` for DER, which phones and Windows open by themselves."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What to do on one kind of machine. `ending`: the form of the file it takes."""

    title: str
    ending: str
    steps: tuple[str, ...]

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"{FILE_NAME}.{self.ending}"

    @property
    def filled(self) -> list[str]:
        """The steps, with the name of the file in them."""
        return [step.replace("{file}", self.file) for step in self.steps]


STEPS: dict[str, Steps] = {
    "debian": Steps(
        "Debian, Ubuntu",
        "pem",
        (
            "`sudo cp {file} /usr/local/share/ca-certificates/leither.crt`",
            "`sudo update-ca-certificates`",
            "Firefox and Chromium keep a list of their own: see firefox, chromium.",
        ),
    ),
    "fedora": Steps(
        "Fedora, RHEL",
        "pem",
        (
            "`sudo cp {file} /etc/pki/ca-trust/source/anchors/leither.pem`",
            "`sudo update-ca-trust`",
            "Chromium keeps a list of its own: see chromium.",
        ),
    ),
    "arch": Steps(
        "Arch Linux",
        "pem",
        ("`sudo trust anchor --store {file}`", "Chromium keeps a list of its own: see chromium."),
    ),
    "macos": Steps(
        "macOS",
        "pem",
        (
            "`sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {file}`",
            "Safari and Chrome go by it at once; Firefox after a restart.",
        ),
    ),
    "windows": Steps(
        "Windows",
        "crt",
        (
            "`certutil -user -addstore Root {file}`",
            "Windows shows the certificate's thumbprint and asks; say yes.",
            "Edge and Chrome go by it at once; Firefox after a restart.",
        ),
    ),
    "ios": Steps(
        "iPhone, iPad",
        "crt",
        (
            "Open the file in Safari, and allow the download of the profile.",
            "Settings, General, VPN & Device Management: choose the profile, then Install.",
            "Settings, General, About, Certificate Trust Settings: switch it on.",
            "Before you switch it on, look at its details: the SHA-256 fingerprint must be the node's.",
        ),
    ),
    "android": Steps(
        "Android",
        "crt",
        (
            "Open the file's address in the browser, so that it is downloaded.",
            "Settings, Security, Encryption & credentials, Install a certificate, CA certificate: choose the file. "
            "Makers name these pages differently; searching the settings for “CA certificate” finds them.",
            "User credentials, or Trusted credentials, User: its details show the SHA-256 fingerprint, which must be "
            "the node's.",
            "Browsers go by it. Other programs on Android trust it only if they were made so.",
        ),
    ),
    "firefox": Steps(
        "Firefox, on Linux",
        "pem",
        (
            "Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import: choose {file}.",
            "Tick “Trust this CA to identify websites”; View shows the fingerprint.",
            "Elsewhere Firefox goes by what the system trusts.",
        ),
    ),
    "chromium": Steps(
        "Chromium and Chrome, on Linux",
        "pem",
        (
            "Settings, Privacy and security, Security, Manage certificates, Custom: import {file} as trusted.",
            "Or, with the package libnss3-tools or nss-tools: "
            "`certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n leither -i {file}`",
        ),
    ),
}


def kind_of_this_machine() -> str | None:
    """Return the key in STEPS for the machine this runs on, None where it is none of them."""
    if sys.platform != "linux":
        return {"darwin": "macos", "win32": "windows"}.get(sys.platform)
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return None
    names = [told.get("ID", ""), *told.get("ID_LIKE", "").split()]
    families = {"debian": "debian", "ubuntu": "debian", "fedora": "fedora", "rhel": "fedora", "arch": "arch"}
    return next((families[name] for name in names if name in families), None)
