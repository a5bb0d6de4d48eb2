"""Settings, URLs and views of a small Django site."""

import hashlib
import os

from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

DEBUG = False
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = __name__
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SITE_DATABASE", "site.db")}}
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                  "django.contrib.sessions", "django.contrib.messages"]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
              "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
              "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                           "django.contrib.messages.context_processors.messages"]}}]
STATIC_URL = "/static/"


def index(request):
    return HttpResponse("<h1>Django</h1>")


def hello(request, name):
    return HttpResponse(f"Hello {name}, {request.path}")


def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return HttpResponse(str(request.session["count"]))


def form(request):
    return JsonResponse(request.POST.dict())


def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    return HttpResponse(f"{file.name} {digest.hexdigest()}")


def stream(request):
    return StreamingHttpResponse((f"line {number}\n" for number in range(1000)), content_type="text/plain")


def own_file(request):
    return FileResponse(open(__file__, "rb"))


def exempt(view):
    view.csrf_exempt = True
    return view


def _urls():
    from django.contrib import admin

    return [path("", index), path("hello/<name>", hello), path("count", count), path("form", exempt(form)),
            path("upload", exempt(upload)), path("stream", stream), path("file", own_file),
            path("admin/", admin.site.urls)]


class _Lazy(list):
    """URL patterns that are made when Django is ready for them."""

    def __iter__(self):
        if not len(self):
            self.extend(_urls())
        return super().__iter__()

    def __reversed__(self):
        iter(self)
        return super().__reversed__()


urlpatterns = _Lazy()
