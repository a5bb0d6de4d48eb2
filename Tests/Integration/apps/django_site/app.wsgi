"""A small Django site with its admin; the database is made when it is loaded."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
os.environ["SITE_DATABASE"] = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(__file__))), "scratch",
                                           "site.db")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.utils import IntegrityError

call_command("migrate", verbosity=0)
try:
    User.objects.create_superuser("admin", "admin@example.test", "secret")
except IntegrityError:
    pass
