import type { Sample } from './sample.js';

export const PYTHON: Sample[] = [
  {
    name: 'an address in a URL',
    code: `await client.get("http://10.0.5.3:8000/data")`,
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'an address in a constant, in an f-string: told where it is written',
    code: `HOST_IP = "10.0.5.3"\n\nrequests.get(f"http://{HOST_IP}/data")`,
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'an address in a constant whose name tells nothing',
    code: `BOX = "10.0.5.3"\nrequests.get(f"http://{BOX}:8000/data")`,
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'an address put together with +, % and format',
    code: `a = "http://" + "10.0.5.3" + ":80"\nb = "http://%s:%d/x" % ("10.0.5.4", 80)\nc = "http://{}/x".format("10.0.5.5")`,
    found: ['ADDRESS_HARDCODED 1', 'ADDRESS_HARDCODED 2', 'ADDRESS_HARDCODED 3'],
  },
  {
    name: 'an address given as host',
    code: `c = connect(host="10.0.5.3", port=5432)\nsock.connect(("10.0.5.4", 80))`,
    found: ['ADDRESS_HARDCODED 1', 'ADDRESS_HARDCODED 2'],
  },
  {
    name: 'an attribute of a class, used through self',
    code: `class Client:\n    BOX = "10.0.5.3"\n\n    def get(self):\n        return requests.get(f"http://{self.BOX}/x")`,
    found: ['ADDRESS_HARDCODED 2'],
  },
  {
    name: 'an IPv6 address',
    code: `requests.get("http://[fd00::5]:8000/x")`,
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'the name of a service, with its port',
    code: `requests.get("http://nmt-service:8091/translate")`,
    found: ['HOST_HARDCODED 1'],
  },
  {
    name: 'an address as the default of a variable',
    code: `URL = os.getenv("STORAGE_URL", "http://10.0.5.3:8000")`,
    found: ['ADDRESS_AS_DEFAULT 1'],
  },
  {
    name: 'names as defaults: of a variable, in settings, in a signature, after or',
    code: [
      'A = os.getenv("CONFIG_SERVICE_URL", "http://config-service:8082")',
      'B = os.environ.get("X") or "http://config-service:8082"',
      'class Settings(BaseSettings):',
      '    config_service_url: str = "http://config-service:8082"',
      'def f(base="http://config-service:8082"): ...',
      'C = os.environ["X"] if "X" in os.environ else "http://config-service:8082"',
    ].join('\n'),
    found: [],
  },
  {
    name: 'addresses in a comment, a doc string and a log message',
    code: `# http://10.0.5.3:8000\ndef f():\n    """Calls http://10.0.5.3:8000"""\n    logger.info("http://10.0.5.3:8000")\n    print("at 10.0.5.3")`,
    found: [],
  },
  {
    name: 'this machine, documentation, public hosts, versions, one’s own address',
    code: [
      'uvicorn.run(app, host="0.0.0.0", port=8090)',
      'requests.get("http://localhost:8000/x")',
      'requests.get("http://127.0.0.1:8000/x")',
      'requests.get("https://api.openai.com/v1")',
      'requests.get("http://192.0.2.1/x")',
      'VERSION = "1.2.3.4"',
      's.connect(("8.8.8.8", 80))',
      'ns = "http://www.w3.org/2000/svg"',
      'net = ip_network("10.0.0.0/8")',
      'allow_origins = ["http://10.0.5.3:3000"]',
    ].join('\n'),
    found: [],
  },
  {
    name: 'a parameter that has the name of a constant elsewhere',
    code: `def a():\n    box = "10.0.5.3"\ndef b(box):\n    return requests.get(f"http://{box}/x")`,
    found: [],
  },
  { name: 'an address in a test', file: 'test_main.py', code: `get("http://10.0.5.3/")`, found: [] },
  {
    name: 'secrets, assigned and given as key',
    code: `JWT_SECRET = "s3cr3t-of-the-team"\njwt.encode({"a": 1}, "another-one", algorithm="HS256")\nkey = b"bytes-of-a-key"\njwt.decode(t, key, algorithms=["HS256"])`,
    found: ['SECRET_HARDCODED 1', 'SECRET_HARDCODED 2', 'SECRET_HARDCODED 3'],
  },
  {
    name: 'a secret as default',
    code: `JWT_SECRET = os.getenv("JWT_SECRET", "dev-secret-1")\nclass Settings(BaseSettings):\n    jwt_secret: str = "dev-secret-2"`,
    found: ['SECRET_AS_DEFAULT 1', 'SECRET_AS_DEFAULT 3'],
  },
  {
    name: 'no secrets: from the environment, names of variables, paths, types',
    code: `JWT_SECRET = os.environ["JWT_SECRET"]\njwt_secret = "JWT_SECRET"\nJWT_SECRET_FILE = "/run/secrets/jwt"\nschema = {"secret": "string", "jwt_secret": "/run/secrets/jwt"}\njwt.encode({}, settings.jwt_secret, algorithm="HS256")`,
    found: [],
  },
  {
    name: 'a message without trace_id',
    code: `await client.post(f"{url}/message", json={"type": "command", "payload": {}})`,
    found: ['MESSAGE_WITHOUT_TRACE 1'],
  },
  {
    name: 'a message without trace_id, by a name',
    code: `message = {\n    "type": "query",\n    "payload": {},\n}\nclient.post(f"{url}/message", json=message)`,
    found: ['MESSAGE_WITHOUT_TRACE 1'],
  },
  {
    name: 'messages that get their trace_id later, by spreading or from a helper',
    code: `a = {"type": "query", "payload": {}}\na["trace_id"] = new_id()\nclient.post(f"{url}/message", json=a)\nclient.post(f"{url}/message", json={**a, "payload": 1})\nb = {"type": "NAVIGATE", "payload": {}}`,
    found: [],
  },
  {
    name: 'a message given to a function that adds the trace_id',
    code: `def send(m):\n    m.setdefault("trace_id", str(uuid4()))\n    client.post(f"{url}/message", json=m)\nsend({"type": "event", "payload": {}})`,
    found: [],
  },
  {
    name: 'a message given to a function that adds none',
    code: `def send(m):\n    client.post(f"{url}/message", json=m)\nsend({"type": "event", "payload": {}})`,
    found: ['MESSAGE_WITHOUT_TRACE 3'],
  },
  {
    name: 'a heartbeat every minute',
    code: `async def loop():\n    while True:\n        await client.post(f"{settings.registry_url}/heartbeat", json={})\n        await asyncio.sleep(60)`,
    found: ['HEARTBEAT_SLOW 4'],
  },
  {
    name: 'a heartbeat every five seconds, through a function and a constant',
    code: `EVERY = 5\ndef beat():\n    requests.post(os.environ["REGISTRY_URL"] + "/heartbeat")\ndef run():\n    while not stop.is_set():\n        beat()\n        stop.wait(EVERY)`,
    found: ['HEARTBEAT_FAST 7'],
  },
  {
    name: 'heartbeats every 30 s, with a short pause after a failure; and from a scheduler',
    code: `while True:\n    try:\n        post(f"{settings.registry_url}/heartbeat")\n    except E:\n        time.sleep(1)\n        continue\n    time.sleep(30)\nscheduler.add_job(send_heartbeat, "interval", seconds=30)`,
    found: [],
  },
  {
    name: 'a scheduler with another interval',
    code: `scheduler.add_job(send_heartbeat, "interval", minutes=2)\nsend_heartbeat(settings.registry_url)`,
    found: ['HEARTBEAT_SLOW 1'],
  },
  {
    name: 'heartbeats of something else',
    code: `while True:\n    ws.send_heartbeat()\n    time.sleep(5)`,
    found: [],
  },
  {
    name: 'an interval from the settings',
    code: `while True:\n    send_heartbeat()\n    time.sleep(settings.heartbeat_interval)`,
    found: [],
  },
  {
    name: 'no heartbeat where there is a Coordinator',
    code: `registry = os.environ["REGISTRY_URL"]`,
    found: ['HEARTBEAT_MISSING 1'],
  },
  {
    name: 'a registration without its end',
    code: `registry_client = ServiceRegistryHttpClient()\nawait registry_client.register(service_name=name)`,
    found: ['DEREGISTRATION_MISSING 2'],
  },
  {
    name: 'a registration sent by hand',
    code: `requests.post(f"{os.environ['CONFIG_SERVICE_URL']}/api/v1/registry/register", json={})`,
    found: ['DEREGISTRATION_MISSING 1'],
  },
  {
    name: 'a registration whose end is handed over',
    code: `registry_client = ServiceRegistryHttpClient()\nregistry_client.register(name)\natexit.register(registry_client.deregister, name)`,
    found: [],
  },
  {
    name: 'what is called register and is none',
    code: `atexit.register(f)\nREGISTRY.register(collector)\nadmin.site.register(Model)\n@app.post("/register")\ndef sign_up(): ...`,
    found: [],
  },
  {
    name: 'a handler that takes any caller',
    code: `@app.post("/message")\nasync def receive(message: dict):\n    return {"received": True}`,
    found: ['TOKEN_NOT_VERIFIED 1'],
  },
  {
    name: 'tokens that are read and not checked',
    code: `a = jwt.decode(t, options={"verify_signature": False})\nb = jwt.decode(t, k, algorithms=["none"])\nc = jwt.decode(t, k)`,
    found: ['TOKEN_CHECK_OFF 1', 'TOKEN_CHECK_OFF 2', 'TOKEN_ALGORITHM_OPEN 3'],
  },
  {
    name: 'the scheme, asked for and not',
    code: `def a(h):\n    return h.replace("Bearer ", "")\ndef b(h):\n    if not h.startswith("Bearer "):\n        raise E\n    return h.replace("Bearer ", "")`,
    found: ['TOKEN_SCHEME_IGNORED 2'],
  },
  {
    name: 'syntax that is none: told, and the rest examined',
    code: `requests.get("http://10.0.5.3/")\ndef (:\n`,
    found: ['ADDRESS_HARDCODED 1', 'SOURCE_UNPARSED 2'],
  },
  {
    name: 'syntax of today',
    code: `match x:\n    case {"a": 1}:\n        pass\n    case ast.Return(value=ast.Call()) | list():\n        pass\n@a(b).c\ndef g(): ...\nwith f() as (p, q):\n    x = t"{p}"\nwith (\n    open(a) as b,\n    open(c) as d,\n):\n    yield\ndef f[T](x: T, /, *, y: int = 1) -> T: ...\nif (n := f(1.)) > 1: print(f"{x!r:>{n}} {y=}")\n`,
    found: [],
  },
  {
    name: 'an address with a path that is not known',
    code: `requests.get("http://10.0.5.3" + path)`,
    found: ['ADDRESS_HARDCODED 1'],
  },
  {
    name: 'hosts and secrets as defaults: of a variable by name, after or, of an option, in a field, behind if',
    code: `host = os.environ.get("ASR") or "10.0.5.3"\nrun(os.getenv("ASR_HOST", default="10.0.5.4"))\nparser.add_argument("--host", default="10.0.5.5")\nrun(os.getenv("JWT_SECRET", "dev-secret-1"))\nclass S(BaseSettings):\n    jwt_secret: str = Field("dev-secret-2", env="JWT_SECRET")\nSECRET = os.environ["A"] if "A" in os.environ else "dev-secret-3"`,
    found: [
      'ADDRESS_AS_DEFAULT 1',
      'ADDRESS_AS_DEFAULT 2',
      'ADDRESS_AS_DEFAULT 3',
      'SECRET_AS_DEFAULT 4',
      'SECRET_AS_DEFAULT 6',
      'SECRET_AS_DEFAULT 7',
    ],
  },
  {
    name: 'a key by its name',
    code: `jwt.encode(claims, key="s3cr3t-of-the-team", algorithm="HS256")`,
    found: ['SECRET_HARDCODED 1'],
  },
  {
    name: 'a message that its maker gives back, and whoever asked for it completes',
    code: `def make():\n    x = 1\n    return {"type": "event", "payload": {}}\nm = make()\nm["trace_id"] = new_id()\nclient.post(f"{url}/message", json=m)`,
    found: [],
  },
  {
    name: 'heartbeats by decorators',
    code: `@repeat_every(seconds=90)\nasync def a():\n    await c.post(f"{REGISTRY_URL}/heartbeat")\n@scheduler.scheduled_job("interval", seconds=30)\ndef b():\n    send_heartbeat()`,
    found: ['HEARTBEAT_SLOW 1'],
  },
];
