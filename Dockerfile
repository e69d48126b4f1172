# The last stage begins empty and gets what is left of three others, for a file deleted in a later layer
# still weighs. Packages: less what only tests, compilers, GPUs, NPUs, other file formats and other
# hosts' file systems need.
ARG PYTHON=python:3.11-slim
FROM ${PYTHON} AS packages
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check -r requirements.txt \
 && cd /venv/lib/python3*/site-packages && rm -rf pygments numpy/f2py numpy/distutils \
 && find . -type d \( -name tests -o -name 'include*' \) -prune -exec rm -rf {} + \
 && find . \( -name '*_test.py' -o -name '*_test.*.pyc' -o -name '*.py[ix]' -o -name '*.pxd' -o -name '*avif*' \) -delete \
 && find openvino \( -name '*_intel_gpu_plugin*' -o -name '*_intel_npu_*' -o -name cache.json \
      -o -name '*_frontend.*so*' ! -name '*_ir_frontend.so*' \) -delete \
 && find pyarrow \( -path '*/src/*' -o -name '*flight*' -o -name '*s3*' -o -name 'libarrow*.so' \
      -o -name '*.so.*.*.*' \) -delete

# The system: less what only installing needs, what only people read, and tables of other character sets.
FROM ${PYTHON} AS system
RUN useradd --no-create-home --uid 10001 digitsmith \
 && rm -rf /var/cache/* /var/lib/apt/* /usr/share/doc /usr/share/locale /usr/share/man \
      /usr/share/python-wheels /usr/lib/*/gconv \
      /usr/lib/python3/dist-packages/* /usr/local/lib/python3*/site-packages/* \
 && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && rm -rf ensurepip idlelib lib2to3 pydoc_data test tkinter turtledemo

# The program, readable to all, whatever the checkout's permissions are.
FROM ${PYTHON} AS program
WORKDIR /digitsmith
COPY gunicorn.conf.py ./
COPY app app
COPY models models
COPY static static
COPY templates templates
RUN chmod -R a+rX .

FROM scratch
COPY --from=system / /
COPY --from=packages /venv /venv
# /dev/shm is the one place that stays writable under a read-only root file system.
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    HOST=0.0.0.0 \
    PORT=8000 \
    TMPDIR=/dev/shm \
    PYTHONUNBUFFERED=1
WORKDIR /digitsmith
COPY --from=program /digitsmith ./
RUN python -m compileall -q app
ENV DIGITSMITH_CACHE=/digitsmith/cache
RUN python -c "import app; app.create_app()"
# A number, for Kubernetes cannot tell by a name that it is not root.
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-c", "import os, urllib.request; \
  port = os.environ.get('DIGITSMITH_PORT') or os.environ['PORT']; \
  here = urllib.request.build_opener(urllib.request.ProxyHandler({})); \
  here.open(f'http://127.0.0.1:{port}/readyz', timeout=5)"]
ENTRYPOINT ["gunicorn"]
