package org.mobilevos.demo;

import android.net.Uri;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.FrameResult;
import org.mobilevos.core.InvalidInputException;
import org.mobilevos.core.Latency;
import org.mobilevos.core.LatencyRecord;
import org.mobilevos.core.Mask;
import org.mobilevos.core.Session;
import org.mobilevos.demo.logic.Stages;

/**
 * Measures frames, stage by stage. Its methods may be called in the UI thread; the work is done in the inference
 * thread and goes on without an activity.
 */
final class BenchWork {
    /** Hears, in the UI thread, that there is another status. */
    interface Listener {
        void onBenchStatus(BenchStatus status);
    }

    /** Frames before anything counts: the memory fills, the runtime lays out its buffers, clocks rise. */
    static final int WARMUP = 9;
    private static final int TELL_EVERY = 5;
    private static final String JSON = "application/json";
    private static final String FOLDER = "mobilevos-bench";

    private final Workbench workbench;
    private final List<BenchStatus.Result> results = new ArrayList<BenchStatus.Result>();
    private volatile boolean cancelled;
    private volatile Listener listener;
    private Models.Model running;
    private float progress;
    private String note;

    private final Runnable tell = new Runnable() {
        @Override
        public void run() {
            tell();
        }
    };

    BenchWork(Workbench workbench) {
        this.workbench = workbench;
    }

    /** Who hears from now on; null for nobody. Tells the present status as soon as there is time. */
    void setListener(Listener newListener) {
        listener = newListener;
        if (newListener != null) {
            workbench.inference.post(tell);
        }
    }

    /**
     * Measures models, one after the other, as the settings say. False where the inference thread has other long work.
     *
     * @param clip whether to take the built-in clip; else a drawn one
     * @param frames that count, of each
     */
    boolean run(final List<Models.Model> models, final boolean clip, final int frames) {
        if (!workbench.begin(R.string.busy_bench)) {
            return false;
        }
        cancelled = false;
        workbench.inference.post(new Runnable() {
            @Override
            public void run() {
                results.clear();
                note = null;
                try {
                    for (Models.Model model : models) {
                        if (!cancelled) {
                            measure(model, clip, frames);
                        }
                    }
                    note = workbench.context.getString(cancelled ? R.string.bench_cancelled : R.string.bench_done);
                } catch (IOException error) {
                    note = Problems.text(workbench.context, error);
                } catch (RuntimeException error) {
                    note = Problems.text(workbench.context, error);
                } finally {
                    running = null;
                    workbench.end();
                    tell();
                }
            }
        });
        return true;
    }

    /** Ends what is being measured. */
    void cancel() {
        cancelled = true;
    }

    /** Writes the one result to a document. */
    void exportTo(final Uri document) {
        export(new Export() {
            @Override
            void write() throws IOException {
                if (results.isEmpty()) {
                    Documents.delete(workbench.context.getContentResolver(), document);
                }
                Documents.copy(workbench.context, files()[0], document);
            }
        });
    }

    /** Writes all results to a new folder of a tree of documents. */
    void exportToTree(final Uri tree) {
        export(new Export() {
            @Override
            void write() throws IOException {
                Documents.copyToNewFolder(workbench.context, files(), tree, FOLDER, JSON);
            }
        });
    }

    /** The results as files of the app's own. */
    private File[] files() throws IOException {
        if (results.isEmpty()) {
            throw new InvalidInputException(workbench.context.getString(R.string.results_gone));
        }
        List<File> files = new ArrayList<File>();
        for (BenchStatus.Result result : results) {
            File file = new File(workbench.context.getCacheDir(), "latency-" + result.model.name + ".json");
            try (OutputStream stream = new FileOutputStream(file)) {
                stream.write(result.json.getBytes("UTF-8"));
            }
            files.add(file);
        }
        return files.toArray(new File[0]);
    }

    private void measure(Models.Model model, boolean clip, int frames) throws IOException {
        running = model;
        progress = 0;
        tell();
        EngineOptions options = workbench.settings.options();
        Engine engine = workbench.engines.open(model.name, options);
        Stages stages = new Stages(frames);
        LatencyRecord record = record(model, engine, options, stages);
        try (BenchFrames source = clip ? BenchFrames.clip(workbench.context) : BenchFrames.synthetic()) {
            Mask mask = source.mask();
            record.source = source.name();
            record.frameWidth = mask.width;
            record.frameHeight = mask.height;
            record.objects = mask.objectIds().length;
            Session session = Session.start(engine, source.picture(), mask);
            FramePainter painter = new FramePainter(mask.width, mask.height);
            for (int index = 0; index < WARMUP + frames && !cancelled; index++) {
                double convert = source.next();
                FrameResult result = session.step(source.picture());
                long stepped = System.nanoTime();
                painter.drawLayer(result.mask);
                long drawn = System.nanoTime();
                if (index >= WARMUP) {
                    stages.add(convert, result.latency, Latency.between(stepped, drawn), drawn);
                }
                progress = (float) (index + 1) / (WARMUP + frames);
                if (index % TELL_EVERY == 0) {
                    tell();
                }
            }
        }
        if (!cancelled) {
            record.after = PhoneFacts.warmth(workbench.context);
            results.add(new BenchStatus.Result(
                    model, engine.name(), engine.fallbackReason(), stages.summary(), record.toJson()));
        }
    }

    /** A record of all that is known beforehand. Frames a second are left out: decoding would be in them. */
    private LatencyRecord record(Models.Model model, Engine engine, EngineOptions options, Stages stages)
            throws IOException {
        LatencyRecord record =
                new LatencyRecord(model.spec, options, engine.name(), engine.fallbackReason(), stages.times);
        Models.Fingerprint file = workbench.models.fingerprint(model.name);
        record.artifactName = model.name;
        record.artifactBytes = file.bytes;
        record.artifactSha256 = file.sha256;
        record.app = PhoneFacts.appVersion(workbench.context);
        record.date = new Date();
        record.device = PhoneFacts.device();
        record.before = PhoneFacts.warmth(workbench.context);
        record.warmup = WARMUP;
        return record;
    }

    private void export(final Export export) {
        workbench.inference.post(new Runnable() {
            @Override
            public void run() {
                try {
                    export.write();
                    note = workbench.context.getString(R.string.bench_exported);
                } catch (IOException error) {
                    note = Problems.text(workbench.context, error);
                } catch (RuntimeException error) { // of the app that has the folder
                    note = Problems.text(workbench.context, error);
                }
                tell();
            }
        });
    }

    private void tell() {
        final BenchStatus status = new BenchStatus();
        status.running = running;
        status.progress = progress;
        status.results = Collections.unmodifiableList(new ArrayList<BenchStatus.Result>(results));
        status.note = note;
        workbench.main.post(new Runnable() {
            @Override
            public void run() {
                if (listener != null) {
                    listener.onBenchStatus(status);
                }
            }
        });
    }

    /** A way to write the results. */
    private abstract static class Export {
        abstract void write() throws IOException;
    }
}
