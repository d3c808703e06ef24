// What every player of a run has: examples to choose from, an input to edit, steps by slider, buttons
// and keys, playing by itself, and the place in words.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

// What is played: the example's number or -1, its input, what it asks for or null, and the step.
const now = { example: 0, input: null, answer: null, step: 0, timer: null };

function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function element(tag, text, ...classes) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.classList.add(...classes);
  return made;
}

// Let the page play a machine, from the first example on. Of the machine is asked:
//   milliseconds              of a step when it plays by itself
//   run(input, example)       make a run, which is played from now on; example may be undefined
//   last()                    the number of its last step, the first is 0
//   place(step), said(step)   where that is, in a word or two and in a sentence
//   draw(step)                show it
//   written(input)            an input as it is typed
//   read(text)                what somebody typed; throws what is wrong with it
function play(machine) {
  function show(step) {
    const last = machine.last();
    now.step = Math.max(0, Math.min(step, last));
    $("slider").max = last;
    $("slider").value = now.step;
    $("place").textContent = machine.place(now.step);
    $("slider").setAttribute("aria-valuetext", $("place").textContent);
    $("said").textContent = machine.said(now.step);
    $("first").disabled = $("back").disabled = now.step === 0;
    $("forward").disabled = $("last").disabled = now.step === last;
    machine.draw(now.step);
    if (now.step === last) {
      pause();
    }
  }

  function pause() {
    clearInterval(now.timer);
    now.timer = null;
    $("play").textContent = "Play";
  }

  function toggle() {
    if (now.timer !== null) {
      pause();
      return;
    }
    if (now.step === machine.last()) {
      show(0);
    }
    $("play").textContent = "Pause";
    now.timer = setInterval(() => show(now.step + 1), machine.milliseconds);
  }

  function start(input) {
    pause();
    now.example = data.examples.findIndex((one) => String(one.input) === String(input));
    const example = data.examples[now.example];
    now.input = input;
    now.answer = example ? example.answer : null;
    machine.run(input, example);
    $("examples").selectedIndex = now.example;
    $("refused").textContent = "";
    $("input").value = machine.written(input);
    $("answer-note").hidden = now.answer !== null;
    $("answer-key").hidden = now.answer === null;
    show(0);
  }

  function edit(event) {
    event.preventDefault();
    try {
      start(machine.read($("input").value));
    } catch (error) {
      $("refused").textContent = error.message;
    }
  }

  function pressed(event) {
    const target = event.target;
    if (target.matches("#input, select, summary") || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const steps = { ArrowLeft: now.step - 1, ArrowRight: now.step + 1, Home: 0, End: Infinity };
    if (event.key in steps) {
      pause();
      show(steps[event.key]);
    } else if (event.key === " " && !target.matches("button, a")) {
      toggle();
    } else {
      return;
    }
    event.preventDefault();
  }

  $("slider").addEventListener("input", (event) => {
    pause();
    show(Number(event.target.value));
  });
  $("first").addEventListener("click", () => show(0));
  $("back").addEventListener("click", () => show(now.step - 1));
  $("play").addEventListener("click", toggle);
  $("forward").addEventListener("click", () => show(now.step + 1));
  $("last").addEventListener("click", () => show(Infinity));
  document.addEventListener("keydown", pressed);
  data.examples.forEach((example, number) => {
    $("examples").append(new Option(example.name, number));
  });
  $("examples").addEventListener("change", (event) => {
    start(data.examples[Number(event.target.value)].input);
  });
  $("edit").addEventListener("submit", edit);
  // What is drawn on a canvas knows neither its width nor the page's colours before it is drawn.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => machine.draw(now.step));
  addEventListener("resize", () => machine.draw(now.step));
  start(data.examples[0].input);
}
