"""The frame of `quality_report.html`: its head with the looks, and its end. Formatted with `mark` and `summary`."""

# Nothing is loaded from anywhere and no script can run, whatever the names of photos hold.
HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{mark}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What became of the photos</title>
<style>
:root {{ color-scheme: light dark; --page: #f6f7f8; --card: #ffffff; --ink: #1c2427; --quiet: #5b686d;
  --line: #dfe4e6; --primary: #0b6e69; --good: #0b6e69; --bad: #9a5b00 }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #171b1d; --card: #1f2527; --ink: #e8edee; --quiet: #9fadb2; --line: #333b3e; --primary: #4fb7b0;
    --good: #4fb7b0; --bad: #f0b45a }}
}}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: var(--page); color: var(--ink); font: 14px/1.5 system-ui, sans-serif }}
main {{ max-width: 1180px; margin: 0 auto; padding: 24px }}
h1 {{ font-size: 22px; margin: 0 }}
h2 {{ font-size: 16px; margin: 0; display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 10px }}
h2 span {{ color: var(--quiet); font-size: 13px; font-weight: normal }}
h2 i {{ width: 10px; height: 10px; border-radius: 50%; background: var(--bad) }}
p {{ color: var(--quiet); margin: 2px 0 14px; max-width: 90ch }}
a {{ color: var(--primary) }}
code {{ font-size: 12px; color: var(--quiet); background: var(--page); border-radius: 4px; padding: 1px 5px }}
section, .summary {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px;
  margin: 14px 0 }}
section p:last-child, .summary p:last-child {{ margin-bottom: 0 }}
table {{ width: 100%; border-collapse: collapse }}
td {{ padding: 5px 12px 5px 0; border-top: 1px solid var(--line); white-space: nowrap }}
tr:first-child td {{ border-top: 0 }}
.number {{ text-align: right; font-variant-numeric: tabular-nums }}
.bar {{ width: 60%; padding-right: 0 }}
.bar i {{ display: block; height: 10px; min-width: 1px; border-radius: 5px; background: var(--bad) }}
h2 i.clean, .bar i.clean {{ background: var(--good) }}
.photos {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(160px, 1fr)); gap: 14px }}
#duplicate .photos {{ grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)) }}
figure {{ margin: 0; min-width: 0 }}
img, .gone {{ display: block; width: 100%; aspect-ratio: 4 / 3; object-fit: contain; border-radius: 6px;
  background: var(--page) }}
.pair {{ display: grid; grid-template-columns: 1fr 1fr; gap: 4px }}
.gone {{ display: grid; place-items: center; border: 1px dashed var(--line); color: var(--quiet); font-size: 12px }}
figcaption {{ font-size: 12px; margin-top: 5px; overflow-wrap: anywhere }}
figcaption p {{ font-size: 12px; margin: 1px 0 0 }}
@media (max-width: 560px) {{
  main {{ padding: 14px }}
  .bar {{ width: 30% }}
  .photos {{ grid-template-columns: 1fr 1fr }}
  #duplicate .photos {{ grid-template-columns: 1fr }}
}}
</style>
</head>
<body><main>
<h1>What became of the photos</h1>
<div class="summary">
{summary}
</div>
"""

TAIL = """</main></body></html>
"""
