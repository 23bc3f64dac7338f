"""A small page for the desk: what waits and its decision, service registrations, and the switches."""

import json

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from zhengshu_contracts.commission import DispatchKind

from zhengshu_commission.switches import Switches

router = APIRouter()

LABELS = {name: field.description for name, field in Switches.model_fields.items()}
KINDS = {kind.value: kind.label for kind in DispatchKind}
TOLD = json.dumps({"labels": LABELS, "kinds": KINDS}, ensure_ascii=False)

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>市级平台办理台(替身)</title>
<style>body{font:16px/1.6 sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #bbb;padding:.3rem .5rem;text-align:left;
vertical-align:top}pre{white-space:pre-wrap;margin:0;font-size:13px}button{margin:.1rem}
#switches label{display:flex;gap:.6rem}#said{color:#a00;min-height:1.6em}</style>
<h1>市级平台办理台(替身)</h1>
<p><label>办理台令牌 <input id="token" type="password" size="46"></label>
<button id="open">打开</button></p><p id="said" role="status"></p>
<h2>待作决定的报件</h2>
<table><thead><tr><th>受理号</th><th>种类</th><th>状态</th><th>内容</th><th>办理</th></tr></thead>
<tbody id="filings"></tbody></table>
<h2>挂接</h2>
<table><thead><tr><th>目录</th><th>已收版本</th><th>行数</th><th>挂接代码</th><th>办理</th></tr></thead>
<tbody id="datasets"></tbody></table>
<h2>办理方式与故障开关</h2>
<form id="switches"></form>
<script>
const TOLD=__TOLD__,STATES={pending:"待决定",consulting:"征求提供单位意见中"};
const byId=id=>document.getElementById(id);
async function call(method,path,body){
const answer=await fetch("/desk/"+path,{method,body:body===undefined?undefined:JSON.stringify(body),
headers:{Authorization:"Bearer "+byId("token").value,"Content-Type":"application/json"}});
const told=answer.status===204?null:await answer.json();
byId("said").textContent=answer.ok?"":[told.title,told.detail].filter(Boolean).join(":");
if(!answer.ok)throw new Error(path);return told}
function line(body,texts,actions){const row=body.insertRow();
for(const text of texts){const pre=document.createElement("pre");pre.textContent=text??"";
row.insertCell().append(pre)}
const cell=row.insertCell();for(const [label,act] of actions){const button=document.createElement("button");
const able=yes=>cell.querySelectorAll("button").forEach(each=>each.disabled=!yes);
button.textContent=label;button.onclick=()=>{able(false);act().then(list).catch(()=>able(true))};
cell.append(button)}}
function asked(question,usual=""){const said=prompt(question,usual);if(said===null)throw new Error();
return said}
const items=text=>text.split(/[,,、;;\\s]+/).filter(Boolean);
function decision(one,outcome){const body={outcome,reason:asked("理由",outcome==="agree"?"符合规定":"")};
if(one.kind==="application"&&outcome==="return")body.missing=items(asked("须补正的全部材料,以顿号分隔"));
if(one.kind==="application"&&outcome==="agree"){
body.items=items(asked("准予的信息项,以顿号分隔",one.body.items.join("、")));
body.until=asked("准予至(年-月-日)",one.body.until)}
return call("POST",`filings/${one.ref}/decision`,body)}
async function list(){const filings=await call("GET","filings?state=waiting");
byId("filings").replaceChildren();
for(const one of filings){const ways=[["同意","agree"],["不同意","refuse"]];
if(one.kind==="application")ways.push(["退回补正","return"]);
line(byId("filings"),[one.number,TOLD.kinds[one.kind],STATES[one.state]||one.state,
JSON.stringify(one.body,null,1)],ways.map(([label,outcome])=>[label,async()=>decision(one,outcome)]))}
const datasets=await call("GET","datasets");byId("datasets").replaceChildren();
for(const one of datasets){const path="datasets/"+one.dataset;
line(byId("datasets"),[one.dataset,one.to===null?"尚未上报":`${one.epoch}.${one.to}`,one.rows,
one.service_code],[one.service_code?["撤销挂接",async()=>call("POST",path+"/withdrawal",{reason:asked("理由")})]
:["准予挂接",async()=>call("POST",path+"/registration",{})]])}
show(await call("GET","switches"))}
function show(switches){const form=byId("switches");form.replaceChildren();
for(const [name,value] of Object.entries(switches)){const label=document.createElement("label");
const kind=typeof value,input=document.createElement(kind==="string"?"select":"input");input.name=name;
if(kind==="string")input.append(new Option("自动","auto"),new Option("人工","manual"));
if(kind==="boolean"){input.type="checkbox";input.checked=value}else input.value=value;
if(kind==="number"){input.type="number";input.min=0;input.step="any"}
label.append(input,TOLD.labels[name]||name);form.append(label)}
const save=document.createElement("button");save.textContent="设置";form.append(save)}
byId("switches").onsubmit=async event=>{event.preventDefault();const body={};
for(const input of event.target.elements)if(input.name)body[input.name]=input.type==="checkbox"
?input.checked:input.type==="number"?Number(input.value):input.value;
show(await call("PUT","switches",body))};
byId("open").onclick=list;
if(location.hash.length>1){byId("token").value=decodeURIComponent(location.hash.slice(1));list()}
</script></html>"""


@router.get("/", include_in_schema=False, response_class=HTMLResponse)
async def page() -> str:
    """办理台页面;令牌只留在浏览器内。"""
    return PAGE.replace("__TOLD__", TOLD)
