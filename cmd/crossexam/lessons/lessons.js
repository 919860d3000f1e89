'use strict'

const $ = id => document.getElementById(id)
let world // what the server told: origins, policies, credentials, attackers, lessons
let lesson = 0
let loggedIn = true
const page = crypto.randomUUID() // the server knows runs of other pages
let run = 0 // the one that is shown; answers of earlier ones come too late

async function start() {
  world = await (await fetch('/lessons.json')).json()
  for (const [id, list] of [['policy', world.policies], ['credential', world.credentials], ['attacker', world.attackers]]) {
    for (const item of list) $(id).append(new Option(item.label, item.name))
    $(id).addEventListener('change', attack)
  }
  $('api-host').textContent = world.api
  $('front-host').textContent = new URL(world.front).host
  $('switches').addEventListener('submit', e => { e.preventDefault(); attack() })
  $('previous').addEventListener('click', () => show(lesson - 1))
  $('next').addEventListener('click', () => show((lesson + 1) % world.lessons.length))
  $('login').addEventListener('click', () => { loggedIn = !loggedIn; attack() })
  await show(Math.min(Math.max(Number.parseInt(location.hash.slice(1)) || 1, 1), world.lessons.length) - 1)
}

async function show(n) {
  lesson = n
  history.replaceState(null, '', '#' + (n + 1))
  const l = world.lessons[n]
  $('title').textContent = l.title
  $('text').textContent = l.text
  $('place').textContent = `Lesson ${n + 1} of ${world.lessons.length}`
  $('previous').disabled = n === 0
  $('next').textContent = n + 1 === world.lessons.length ? 'From the start' : 'Next lesson'
  $('policy').value = l.policy
  $('credential').value = l.credential
  $('attacker').value = l.attacker
  loggedIn = true
  await attack()
}

// attack puts the world in order, and has the front end and then the attacker's page
// read the notebooks in frames of their own.
async function attack() {
  const mine = ++run
  document.body.dataset.done = ''
  const state = { policy: $('policy').value, credential: $('credential').value }
  const answer = await fetch('/lessons/state', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(state) })
  if (!answer.ok || mine !== run) return
  const credential = world.credentials.find(c => c.name === state.credential)
  if (credential.cookie) {
    await fetch(world.api + (loggedIn ? '/lessons/login' : '/lessons/logout'), { method: 'POST', mode: 'no-cors', credentials: 'include' })
  }
  if (mine !== run) return
  const attacker = world.attackers.find(a => a.name === $('attacker').value)
  $('breaks').textContent = world.policies.find(p => p.name === state.policy).breaks
  $('attacker-host').textContent = attacker.origin
  $('login').hidden = !credential.cookie
  $('login').textContent = loggedIn ? 'Log out' : 'Log in'
  $('login-state').textContent = credential.cookie && !loggedIn ? 'Nobody is logged in.' : credential.says
  const front = await inFrame('front-frame', `${world.front}/lessons/front?run=${page}-${mine}-front&mode=${credential.mode}${credential.bearer ? '&bearer' : ''}`, false)
  if (mine !== run) return
  const stolen = await inFrame('attack-frame', `${attacker.host}/lessons/attack?run=${page}-${mine}-attack&mode=${credential.mode}`, attacker.name === 'null')
  if (mine !== run) return
  const told = await (await fetch(`/lessons/seen?run=${page}-${mine}-attack`)).json()
  if (mine !== run) return
  outcome('front-outcome', front.ok ? ['good', 'It works'] : ['bad', front.status ? `It is refused: ${front.status}` : 'It is broken'])
  asked(told)
  judge(stolen, told)
  document.body.dataset.done = mine
}

// inFrame opens a page in a frame and gives what it posts to us.
function inFrame(id, url, sandboxed) {
  const old = $(id)
  const frame = old.cloneNode()
  if (sandboxed) frame.setAttribute('sandbox', 'allow-scripts')
  else frame.removeAttribute('sandbox')
  frame.src = url
  return new Promise(resolve => {
    const heard = e => {
      if (e.source !== frame.contentWindow) return
      removeEventListener('message', heard)
      resolve(e.data)
    }
    addEventListener('message', heard)
    old.replaceWith(frame)
  })
}

function outcome(id, [kind, text]) {
  $(id).className = 'outcome ' + kind
  $(id).textContent = text
}

function asked(told) {
  const before = $('decides').textContent
  lines('asked', [
    ['', 'Request', told.request],
    ['', 'Origin', told.origin || 'none'],
    [told.cookie ? 'bad' : '', 'Cookie', told.cookie ? 'the victim’s session' : 'none'],
  ])
  lines('decides', [
    [told.grants_origin ? 'bad' : 'good', 'Access-Control-Allow-Origin', told.allow_origin || 'none'],
    [told.allow_credentials === 'true' ? 'bad' : 'good', 'Access-Control-Allow-Credentials', told.allow_credentials || 'none'],
  ])
  if ($('decides').textContent !== before) {
    for (const d of $('decides').children) d.classList.add('changed')
  }
}

function lines(id, list) {
  $(id).replaceChildren(...list.map(([kind, name, value]) => {
    const div = document.createElement('div')
    const dt = document.createElement('dt')
    const dd = document.createElement('dd')
    dt.textContent = name
    dd.textContent = value
    div.className = kind
    div.append(dt, dd)
    return div
  }))
}

function judge(stolen, told) {
  let kind = 'good'
  let text = 'Blocked'
  let why = told.why
  if (stolen.ok) {
    [kind, text] = ['bad', 'Stolen']
    why = `The browser let the page read ${stolen.bytes} bytes: ${told.why}`
  } else if (stolen.status) {
    [kind, text] = ['doubt', 'Nothing private']
    why = `The page may read the reply, but it is only a ${stolen.status}: the victim’s credential did not go along. ${told.kept}`
  } else if (told.status === 401) {
    why = `${told.why} It was a 401 in any case: the victim’s credential did not go along. ${told.kept}`
  }
  outcome('outcome', [kind, text])
  $('why').textContent = why
  $('loot').textContent = told.loot || 'nothing'
  $('attack').className = 'card ' + kind
}

start()
