"""A small page for the desk: what waits, and two buttons to decide it."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

router = APIRouter()

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>市级平台办理台(替身)</title>
<style>body{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3rem .5rem;text-align:left}
pre{white-space:pre-wrap;margin:0;font-size:13px}</style>
<h1>市级平台办理台(替身)</h1>
<p><label>办理台令牌 <input id="token" type="password" size="46"></label>
<button onclick="list()">打开</button></p>
<table><thead><tr><th>受理号</th><th>种类</th><th>状态</th><th>内容</th><th>办理</th></tr></thead>
<tbody id="rows"></tbody></table>
<script>
const STATES={pending:"待决定",consulting:"征求提供单位意见中"};
const call=(path,options={})=>fetch(path,{...options,headers:{Authorization:"Bearer "+token.value,
"Content-Type":"application/json"}});
async function list(){const answer=await call("/desk/filings?state=waiting");
if(!answer.ok){rows.textContent="令牌不对";return}
rows.replaceChildren(...(await answer.json()).map(one=>{const row=document.createElement("tr");
for(const text of [one.number,one.kind,STATES[one.state]||one.state,
JSON.stringify(one.body,null,1)]){const cell=row.insertCell();
const pre=document.createElement("pre");pre.textContent=text;cell.append(pre)}
const cell=row.insertCell();
const ways=[["同意","agree"],["不同意","refuse"]];
if(one.kind==="application")ways.push(["退回补正","return"]);for(const [label,outcome] of ways){
const button=document.createElement("button");button.textContent=label;button.onclick=async()=>{
const reason=prompt("理由","符合规定");
if(reason===null)return;
const body=JSON.stringify({outcome,reason});
await call("/desk/filings/"+one.ref+"/decision",{method:"POST",body});list()};
cell.append(button)}return row}))}
</script></html>"""


@router.get("/", include_in_schema=False, response_class=HTMLResponse)
async def page() -> str:
    """办理台页面;令牌只留在浏览器内。"""
    return PAGE
