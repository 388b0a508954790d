//! One task: read what it needs, evaluate, write.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::absent::Watched;
use super::bands;
use super::carry::Sweeper;
use super::evaluate::Evaluation;
use super::executor::StageRun;
use super::memory::{ChunkCache, ChunkKey, Held, Stay};
use super::observer::{Phase, Timer};
use super::reducing::Reducing;
use super::serializers::{ArrayReader, StorageError, Storing};
use super::turns::Queue;
use super::{Cancel, error::RunError, resume, strips};
use crate::array::{Block, ChunkGrid, DType, Region};
use crate::operators::pattern::Piece;
use crate::operators::tile::TileMut;
use crate::planner::kernel::{Regions, Slot};
use crate::planner::plan::{End, EndKind, Input};

/// Tasks that come so many after one that runs are what remote storages may fetch chunks for.
const LOOK_AHEAD: u64 = 16;

/// Bytes moved by a task.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    /// Decoded from sources and scratch.
    pub read: u64,
    /// Stored, encoded.
    pub written: u64,
}

/// A source opened for a stage.
pub struct OpenSource {
    /// The reader.
    pub reader: Arc<dyn ArrayReader>,
    /// The shape of the array.
    pub shape: Vec<u64>,
    /// The dtype of the array.
    pub dtype: DType,
    /// Its number among the sources of the run, by which the cache knows it.
    pub number: usize,
    /// Whether several tasks need the same of its chunks.
    pub repeated: bool,
    /// Whether tasks beside each other need parts of the same chunk, or one all and another a part of it.
    pub overlaps: bool,
    /// The reader, where chunks that were never written are to be told of.
    pub watched: Option<Arc<Watched>>,
    /// Where other stages read it too: its number among such sources, and what later stages need.
    pub reread: Option<(usize, Option<Region>)>,
}

/// Carries out the `number`-th task.
///
/// # Errors
/// Reading or writing failed, or the run was cancelled.
pub fn run_task(run: &StageRun<'_>, number: u64, cancel: &Cancel, timer: Timer<'_>) -> Result<Moved, RunError> {
    let stage = run.stage;
    let index = run.index(number);
    let region = stage.grid.region(&index, &stage.shape);
    if let Some(moved) = resume::take_over(run, (number, &region), cancel)? {
        return Ok(moved);
    }
    let mut queue = Queue::new(run.turns.as_ref(), number);
    let at = |error: RunError| error.in_task(&stage.ends[0].name, &region);
    let failed = |error: RunError| if cancel.is_cancelled() { RunError::cancelled() } else { at(error) };
    let regions = stage.required(&region);
    let beside = if run.sources.iter().flatten().any(|source| source.overlaps) { beside(run, &index) } else { vec![] };
    look_ahead(run, number);
    let mut moved = Moved::default();
    let mut inputs = Vec::with_capacity(regions.inputs.len());
    for (i, needed) in regions.inputs.iter().enumerate() {
        let Some(needed) = needed else {
            inputs.push(None);
            continue;
        };
        let others: Vec<&Region> = beside.iter().filter_map(|regions| regions.inputs[i].as_ref()).collect();
        let reading = || read(run, i, (needed, &others), (&mut moved, cancel));
        let block = timer.time(Phase::Read, || input_name(run, i), reading);
        let block = block.map_err(|e| failed(RunError::storage(e, run.span)))?;
        inputs.push(Some(Piece { region: needed.clone(), block }));
    }
    let names = || stage.ends.iter().map(|end| end.name.as_str()).collect::<Vec<_>>().join(", ");
    let blocks = timer.time(Phase::Compute, names, || {
        if let Some(size) = stage.band(&region) {
            return bands::compute(run, (&region, size), &inputs, cancel);
        }
        let mut evaluation = Evaluation::new(&stage.kernel, &regions, inputs);
        let (carries, index, region) = (&run.carries, &index[..], &region);
        let sweeper = Sweeper { carries, stage, index, region, cancel, timer };
        evaluation.prepare(&|step, scan, region, block| sweeper.sweep(step, scan, region, block))?;
        walk(run, &evaluation, (index, region), cancel, timer)
    })?;
    for (end, block) in stage.ends.iter().zip(blocks) {
        let Some(block) = block else { continue };
        let region = stage.part(end, &region);
        let storing = || store(run, &end.kind, (&region, &block), (&mut queue, cancel));
        let stored = timer.time(Phase::Write, || end.name.clone(), storing);
        let span = if matches!(end.kind, EndKind::Write { .. }) { run.written } else { end.span };
        stored.map_err(|e| failed(RunError::storage(e, span)))?;
    }
    moved.written = queue.finish(cancel, |error| at(RunError::storage(error, run.written)))?;
    Ok(moved)
}

/// Says what this task is going to read, and tasks that come after those that are running. Only where reading takes requests
/// does a reader look at what is said.
fn look_ahead(run: &StageRun<'_>, number: u64) {
    let stage = run.stage;
    let tasks = stage.grid.count(&stage.shape);
    let running = number + stage.cost.concurrent as u64;
    for (input, source) in run.sources.iter().enumerate() {
        let Some((source, chunks)) = source.as_ref().and_then(|s| Some((s, s.reader.chunk_shape()?))) else { continue };
        let grid = ChunkGrid::regular(chunks);
        let of_task = |number| {
            let regions = stage.required(&stage.grid.region(&run.index(number), &stage.shape));
            let needed = regions.inputs[input].as_ref().filter(|needed| !needed.is_empty());
            needed.map(|needed| grid.covering(needed).indices().collect::<Vec<_>>()).unwrap_or_default()
        };
        let numbers = std::iter::once(number).chain(running..tasks.min(number + LOOK_AHEAD));
        let wanted = numbers.flat_map(of_task).filter(|index| !run.cache.knows(&(source.number, index.clone())));
        source.reader.prepare(&mut { wanted });
    }
}

/// What an input is, for people.
fn input_name(run: &StageRun<'_>, input: usize) -> String {
    match &run.stage.inputs[input] {
        Input::Source(source) => format!("{}{}", source.location.url, source.path),
        Input::Constant(_) => "constant".to_owned(),
        Input::Kept(id) => format!("result {id}"),
    }
}

/// What the tasks beside the one at `index` need.
fn beside(run: &StageRun<'_>, index: &[u64]) -> Vec<Regions> {
    let (stage, mut regions) = (run.stage, Vec::new());
    let counts = stage.grid.counts(&stage.shape);
    for axis in 0..index.len() {
        let places = [index[axis].checked_sub(1), Some(index[axis] + 1)];
        for place in places.into_iter().flatten().filter(|place| *place < counts[axis]) {
            let mut index = index.to_vec();
            index[axis] = place;
            regions.push(stage.required(&stage.grid.region(&index, &stage.shape)));
        }
    }
    regions
}

/// The region of an input; `others` are those that tasks beside this one need.
fn read(
    run: &StageRun<'_>,
    input: usize,
    (needed, others): (&Region, &[&Region]),
    (moved, cancel): (&mut Moved, &Cancel),
) -> Result<Block, StorageError> {
    let ty = &run.stage.kernel.inputs[input];
    if needed.is_empty() {
        return Ok(Block::zeros(ty.dtype, &needed.shape));
    }
    match (&run.stage.inputs[input], &run.sources[input]) {
        (Input::Constant(constant), _) => Ok(constant.block(ty, needed)),
        (Input::Kept(id), _) => {
            moved.read += needed.count() * ty.dtype.size() as u64;
            run.results.read(*id, needed)
        }
        (Input::Source(_), Some(source)) => read_source(source, run.cache, (needed, others), (moved, cancel)),
        (Input::Source(_), None) => unreachable!("sources are opened with their stage"),
    }
}

impl OpenSource {
    /// What becomes of a chunk that other stages may need too.
    fn held(&self, chunk: &Region) -> Option<Held> {
        match self.reread.as_ref()? {
            (number, None) => Some(Held::Taken(*number)),
            (number, Some(later)) => (!later.intersect(chunk).is_empty()).then_some(Held::Left(*number)),
        }
    }
}

fn read_source(
    source: &OpenSource,
    cache: &ChunkCache,
    (needed, others): (&Region, &[&Region]),
    (moved, cancel): (&mut Moved, &Cancel),
) -> Result<Block, StorageError> {
    let Some(chunks) = source.reader.chunk_shape() else {
        let block = source.reader.read_region(needed)?;
        moved.read += block.bytes();
        return Ok(block);
    };
    let grid = ChunkGrid::regular(chunks);
    let covering = grid.covering(needed);
    let mut whole: Option<Block> = None;
    let empty = || Block::unset(source.dtype, &needed.shape);
    // Chunks that another task is decoding come last, so that tasks which need the same ones share the work.
    let mut waiting: VecDeque<(Vec<u64>, bool)> = VecDeque::new();
    let mut indices = covering.indices();
    while let Some((index, is_last_try)) = indices.next().map(|i| (i, false)).or_else(|| waiting.pop_front()) {
        go_on(cancel)?;
        let chunk = grid.region(&index, &source.shape);
        let part = chunk.intersect(needed);
        let is_shared =
            || part != chunk || source.overlaps && others.iter().any(|other| !other.intersect(&chunk).is_empty());
        let stay = Stay { shared: source.repeated || is_shared(), held: source.held(&chunk) };
        let key = (source.number, index);
        if let (false, false, Some(place)) = (stay.is_any(), part == *needed, needed.run_of(&part))
            && part == chunk
            && let Some(bytes) = whole.get_or_insert_with(empty).as_bytes_mut()
        {
            let size = source.dtype.size();
            let bytes = &mut bytes[place as usize * size..][..part.count() as usize * size];
            source.reader.read_chunk_into(&key.1, bytes)?;
            moved.read += bytes.len() as u64;
            continue;
        }
        if !is_last_try && stay.is_any() && cache.is_decoding(&key) {
            waiting.push_back((key.1, true));
            continue;
        }
        let block = decoded(source, (cache, stay), key, moved)?;
        let block = if part == chunk { block } else { block.slice(&part.relative_to(&chunk)) };
        if part == *needed {
            return Ok(block);
        }
        let target = whole.get_or_insert_with(empty);
        target.assign(&part.relative_to(needed).start, &block);
    }
    Ok(whole.unwrap_or_else(empty))
}

/// A chunk, from the cache where it may stay there.
fn decoded(
    source: &OpenSource,
    (cache, stay): (&ChunkCache, Stay),
    key: ChunkKey,
    moved: &mut Moved,
) -> Result<Block, StorageError> {
    let index = key.1.clone();
    let mut decode = || {
        let block = source.reader.read_chunk(&index)?;
        moved.read += block.bytes();
        Ok(block)
    };
    if stay.is_any() { cache.get(key, stay, decode) } else { decode() }
}

/// Computes the values of all ends in one walk over tiles: steps the reductions, gives the blocks of
/// the others.
fn walk(
    run: &StageRun<'_>,
    evaluation: &Evaluation<'_>,
    (index, region): (&[u64], &Region),
    cancel: &Cancel,
    timer: Timer<'_>,
) -> Result<Vec<Option<Block>>, RunError> {
    let stage = run.stage;
    let (mut shown, mut ready, mut computed) = (Vec::new(), Vec::new(), BTreeMap::new());
    for end in &stage.ends {
        if stage.is_coarser(end) {
            ready.push(coarser(evaluation, end.slot, &stage.part(end, region)));
            continue;
        }
        let block = if reduces(end) { None } else { evaluation.block(end.slot, region) };
        if reduces(end) && !multiplies(run, ready.len()) {
            shown.extend(end.slots());
        } else if !reduces(end) && block.is_none() {
            let empty = || Block::unset(stage.kernel.ty(end.slot).dtype, &region.shape);
            computed.entry(end.slot).or_insert_with(empty);
        }
        ready.push(block);
    }
    let outputs: Vec<Slot> = computed.keys().copied().collect();
    let program = evaluation.program(&shown, &outputs, region);
    let mut reducing = Reducing::new(run, index, region);
    let tiling = reducing.tiling();
    let mut walker = program.walker(computed.values_mut().map(TileMut::of).collect(), tiling.rows(region));
    // Products alone leave nothing to walk over, and their space is large.
    let strips = if shown.is_empty() && outputs.is_empty() { Vec::new() } else { reducing.strips() };
    for (number, strip) in strips.iter().enumerate() {
        let places = reducing.places((number, strip));
        let mut at_work = timer.time(Phase::Wait, || "turn".to_owned(), || reducing.begin(&places, strip, cancel))?;
        for span in strips::tiles(region, strip, tiling) {
            at_work.step(&span, &walker.rows(&span));
            if cancel.is_cancelled() {
                return Err(RunError::cancelled());
            }
        }
        at_work.end()?;
    }
    drop(walker);
    reducing.multiply(evaluation);
    reducing.end(cancel)?;
    let ends = stage.ends.iter().zip(ready);
    Ok(ends.map(|(end, block)| block.or_else(|| computed.get(&end.slot).cloned().filter(|_| !reduces(end)))).collect())
}

/// The values of a slot of fewer elements than the space of the tasks; none where the task has no part of it.
fn coarser(evaluation: &Evaluation<'_>, slot: Slot, part: &Region) -> Option<Block> {
    if part.is_empty() {
        return None;
    }
    Some(evaluation.block(slot, part).unwrap_or_else(|| evaluation.materialise(slot, part)))
}

fn multiplies(run: &StageRun<'_>, end: usize) -> bool {
    run.reducers[end].as_ref().is_some_and(|reducer| reducer.contraction.is_some())
}

fn reduces(end: &End) -> bool {
    matches!(end.kind, EndKind::Reduce { .. })
}

/// Nothing, unless the run was cancelled.
fn go_on(cancel: &Cancel) -> Result<(), StorageError> {
    if cancel.is_cancelled() { Err(StorageError::new("ff::run::interrupted", "interrupted")) } else { Ok(()) }
}

/// Stores the block of an end, as far as it is the task's turn.
fn store(
    run: &StageRun<'_>,
    kind: &EndKind,
    (region, block): (&Region, &Block),
    (queue, cancel): (&mut Queue<'_>, &Cancel),
) -> Result<(), StorageError> {
    match kind {
        EndKind::Keep(id) => {
            run.results.write(*id, region, block)?;
            queue.push(Storing::Done(block.bytes()))
        }
        EndKind::Write { target, .. } if run.targets.is_published(*target) => Ok(()),
        EndKind::Write { target, variable } => {
            let writer = run.targets.writer(*target, *variable);
            let objects = ChunkGrid::regular(writer.object_shape());
            for index in objects.covering(region).indices() {
                go_on(cancel)?;
                let object = objects.region(&index, &run.stage.shape);
                queue.push(writer.begin(&index, &block.slice(&object.relative_to(region)))?)?;
            }
            Ok(())
        }
        EndKind::Reduce { .. } => Ok(()),
    }
}
