# Two stages: packages are installed in the first, less what only tests, compilers, GPUs, NPUs, other
# file formats and other hosts' file systems need; only they and the app reach the second.
FROM python:3.11-slim AS packages
COPY requirements.txt .
RUN python -m venv --without-pip /venv \
 && python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check -r requirements.txt \
 && find /venv -type d -name tests -prune -exec rm -rf {} + \
 && find /venv -path '*/openvino/libs/*' \( -name '*intel_gpu*' -o -name '*intel_npu*' -o -name cache.json \
      -o -name '*_frontend.so*' ! -name '*_ir_frontend.so*' \) -delete \
 && find /venv -path '*/pyarrow/*' \( -path '*/include/*' -o -path '*/src/*' -o -name '*flight*' -o -name '*s3*' \
      -o -name '*.so.*.*.*' \) -delete

FROM python:3.11-slim
RUN useradd --no-create-home --uid 10001 digitsmith
COPY --from=packages /venv /venv
# /dev/shm is the one place that stays writable under a read-only root file system.
ENV PATH=/venv/bin:$PATH \
    HOST=0.0.0.0 \
    PORT=8000 \
    TMPDIR=/dev/shm \
    PYTHONUNBUFFERED=1
WORKDIR /digitsmith
COPY gunicorn.conf.py ./
COPY app app
RUN python -m compileall -q app
COPY static static
COPY templates templates
COPY models models
ENV DIGITSMITH_CACHE=/digitsmith/cache
RUN python -c "import app; app.create_app()"
USER digitsmith
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["python", "-c", "import os, urllib.request; \
  port = os.environ.get('DIGITSMITH_PORT') or os.environ['PORT']; \
  urllib.request.urlopen(f'http://127.0.0.1:{port}/readyz', timeout=5)"]
ENTRYPOINT ["gunicorn"]
