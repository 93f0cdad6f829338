/* Everything that was done is a list of steps, and the mask is drawn from it anew: so each step can be undone. Places are
   in pixels of the picture, counted from its upper left corner, wherever margins are added. */

const main = document.querySelector("main")
const of = (id) => document.getElementById(id)
const [view, stage, picture, canvas] = ["view", "stage", "picture", "paint"].map(of)
const pen = canvas.getContext("2d")
const width = Number(main.dataset.width)
const height = Number(main.dataset.height)
const most = [Number(main.dataset.mostWidth), Number(main.dataset.mostHeight)]
const grid = Number(main.dataset.step)

const LEFT = 0, UP = 1, RIGHT = 2, DOWN = 3
const SENT_SIDE = 1024 // pixels of the longer side of the mask that is sent
const CLOSEST = 8 // times that the picture can be enlarged

const steps = []
let margins = [0, 0, 0, 0]
let erasing = false
const zoom = { by: 1, x: 0, y: 0 }

const outer = () => [width + margins[LEFT] + margins[RIGHT], height + margins[UP] + margins[DOWN]]

/* How far one press extends a side: a quarter, or what is left of the room. */
function extension(side) {
  const across = side === LEFT || side === RIGHT ? 0 : 1
  const quarter = Math.max(Math.round([width, height][across] / 4 / grid), 1) * grid
  const room = Math.floor((most[across] - outer()[across]) / grid) * grid
  return Math.max(Math.min(quarter, room), 0)
}

function drawStep(step) {
  pen.globalCompositeOperation = step.erases ? "destination-out" : "source-over"
  if (step.kind === "clear") {
    pen.clearRect(-margins[LEFT], -margins[UP], canvas.width, canvas.height)
  } else if (step.kind === "invert") {
    pen.globalCompositeOperation = "xor"
    pen.fillRect(-margins[LEFT], -margins[UP], canvas.width, canvas.height)
  } else if (step.kind === "stroke") {
    pen.lineWidth = step.size
    pen.beginPath()
    pen.moveTo(...step.places[0])
    for (const place of step.places) pen.lineTo(...place)
    pen.stroke()
  }
}

function draw() {
  margins = steps.filter((each) => each.kind === "margins").at(-1)?.margins ?? [0, 0, 0, 0]
  const [across, down] = outer()
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across
    canvas.height = down
    lay()
  }
  pen.setTransform(1, 0, 0, 1, 0, 0)
  pen.clearRect(0, 0, across, down)
  pen.setTransform(1, 0, 0, 1, margins[LEFT], margins[UP])
  pen.lineCap = pen.lineJoin = "round"
  pen.strokeStyle = pen.fillStyle = "#f2913d"
  steps.forEach(drawStep)
  of("undo").disabled = !steps.length
  of("pixels").textContent = `${across} × ${down}`
  for (const button of of("sides").querySelectorAll("button")) {
    button.disabled = !extension(Number(button.dataset.side))
  }
}

/* Fit the canvas into the view, and put the picture where it belongs on it. */
function lay() {
  const [across, down] = outer()
  const scale = Math.min(view.clientWidth / across, view.clientHeight / down)
  stage.style.width = `${across * scale}px`
  stage.style.height = `${down * scale}px`
  picture.style.left = `${(margins[LEFT] / across) * 100}%`
  picture.style.top = `${(margins[UP] / down) * 100}%`
  picture.style.width = `${(width / across) * 100}%`
  picture.style.height = `${(height / down) * 100}%`
  Object.assign(zoom, { by: 1, x: 0, y: 0 })
  show()
}

const show = () => { stage.style.transform = `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.by})` }

function take(step) {
  steps.push(step)
  draw()
}

function place(event) {
  const box = canvas.getBoundingClientRect()
  return [
    ((event.clientX - box.left) / box.width) * canvas.width - margins[LEFT],
    ((event.clientY - box.top) / box.height) * canvas.height - margins[UP],
  ]
}

/* One finger paints; two move and enlarge the picture, and take back what the first began to paint. */
const fingers = new Map()
let stroke = null

canvas.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return
  canvas.setPointerCapture(event.pointerId)
  fingers.set(event.pointerId, [event.clientX, event.clientY])
  if (fingers.size === 1) {
    const size = (Number(of("size").value) / 100) * Math.max(width, height)
    stroke = { kind: "stroke", erases: erasing, size, places: [place(event)] }
    take(stroke)
  } else if (stroke) {
    steps.splice(steps.indexOf(stroke), 1)
    stroke = null
    draw()
  }
})

canvas.addEventListener("pointermove", (event) => {
  if (!fingers.has(event.pointerId)) return
  const before = [...fingers.values()]
  fingers.set(event.pointerId, [event.clientX, event.clientY])
  if (stroke) {
    stroke.places.push(place(event))
    drawStep({ ...stroke, places: stroke.places.slice(-2) })
  } else if (fingers.size === 2) {
    pinch(before, [...fingers.values()])
  }
})

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    fingers.delete(event.pointerId)
    stroke = null
  })
}

function pinch([a, b], [c, d]) {
  const middle = (one, two) => [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2]
  const length = (one, two) => Math.hypot(one[0] - two[0], one[1] - two[1]) || 1
  const [from, to] = [middle(a, b), middle(c, d)]
  enlarge(length(c, d) / length(a, b), from, to)
}

/* Enlarge so that what was at one place of the window is at another. */
function enlarge(factor, from, to) {
  const box = stage.getBoundingClientRect()
  const by = Math.min(Math.max(zoom.by * factor, 1), CLOSEST)
  const grown = by / zoom.by
  zoom.x += to[0] - from[0] + (from[0] - box.left) * (1 - grown)
  zoom.y += to[1] - from[1] + (from[1] - box.top) * (1 - grown)
  zoom.by = by
  zoom.x = Math.min(Math.max(zoom.x, stage.clientWidth * (1 - by)), 0)
  zoom.y = Math.min(Math.max(zoom.y, stage.clientHeight * (1 - by)), 0)
  show()
}

view.addEventListener("wheel", (event) => {
  event.preventDefault()
  const at = [event.clientX, event.clientY]
  enlarge(event.deltaY < 0 ? 1.2 : 1 / 1.2, at, at)
}, { passive: false })

function choose(erases) {
  erasing = erases
  of("brush").setAttribute("aria-pressed", String(!erases))
  of("erase").setAttribute("aria-pressed", String(erases))
}

of("brush").addEventListener("click", () => choose(false))
of("erase").addEventListener("click", () => choose(true))
of("clear").addEventListener("click", () => take({ kind: "clear" }))
of("invert").addEventListener("click", () => take({ kind: "invert" }))
of("undo").addEventListener("click", () => {
  steps.pop()
  draw()
})

of("sides").addEventListener("click", (event) => {
  const side = event.target.dataset.side
  if (side === undefined) return
  const wider = [...margins]
  wider[side] += extension(Number(side))
  take({ kind: "margins", margins: wider })
})

/* The mask as a PNG file: white where it is painted. */
async function mask() {
  const small = document.createElement("canvas")
  const scale = Math.min(SENT_SIDE / Math.max(canvas.width, canvas.height), 1)
  small.width = Math.max(Math.round(canvas.width * scale), 1)
  small.height = Math.max(Math.round(canvas.height * scale), 1)
  const ink = small.getContext("2d")
  ink.drawImage(canvas, 0, 0, small.width, small.height)
  ink.globalCompositeOperation = "source-in"
  ink.fillStyle = "#fff"
  ink.fillRect(0, 0, small.width, small.height)
  ink.globalCompositeOperation = "destination-over"
  ink.fillStyle = "#000"
  ink.fillRect(0, 0, small.width, small.height)
  return small.toDataURL("image/png").split(",")[1]
}

function say(sentence) {
  of("said").textContent = sentence
  of("said").focus()
}

const isEmpty = () => !margins.some(Boolean) && !pen.getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)

of("form").addEventListener("submit", async (event) => {
  event.preventDefault()
  if (isEmpty()) {
    say(main.dataset.empty)
    return
  }
  of("draw").disabled = true
  try {
    const body = JSON.stringify({ words: of("words").value, margins, mask: await mask() })
    const headers = { "Content-Type": "application/json" }
    const answer = await (await fetch(location.pathname, { method: "POST", headers, body })).json()
    main.classList.toggle("done", answer.taken)
    say(answer.said)
  } catch {
    say(main.dataset.unreachable)
  }
  of("draw").disabled = false
})

addEventListener("resize", lay)
draw()
