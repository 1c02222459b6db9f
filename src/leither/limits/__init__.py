"""Every bound of the project, in one place. Units stand last in the name; sizes are bytes."""

from leither.limits.content import *
from leither.limits.demand import *
from leither.limits.doors import *
from leither.limits.exchange import *
from leither.limits.network import *
from leither.limits.pairing import *
from leither.limits.people import *
from leither.limits.publishing import *
from leither.limits.storage import *
from leither.limits.sync import *
from leither.limits.traffic import *
from leither.limits.unit import *
