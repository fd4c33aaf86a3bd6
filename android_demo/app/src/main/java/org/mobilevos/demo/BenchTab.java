package org.mobilevos.demo;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.net.Uri;
import android.view.View;
import android.widget.ProgressBar;
import android.widget.Spinner;
import android.widget.TextView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The Bench tab: the official figures, on this phone. */
final class BenchTab implements Tab, BenchWork.Listener {
    static final int SAVE_ONE_REQUEST = 20;
    static final int SAVE_ALL_REQUEST = 21;
    private static final int STEPS = 1000;

    private final Activity activity;
    private final Workbench workbench;
    private final BenchWork work;
    private final View root;
    private final TextView settings;
    private final Spinner source;
    private final Spinner frames;
    private final View run;
    private final View runAll;
    private final View cancel;
    private final ProgressBar progress;
    private final TextView message;
    private final TextView results;
    private final View export;
    private BenchStatus status;

    BenchTab(Activity activity, View root, Workbench workbench) {
        this.activity = activity;
        this.workbench = workbench;
        this.root = root;
        work = workbench.bench;
        settings = (TextView) root.findViewById(R.id.bench_settings);
        source = (Spinner) root.findViewById(R.id.bench_source);
        frames = (Spinner) root.findViewById(R.id.bench_frames);
        run = root.findViewById(R.id.bench_run);
        runAll = root.findViewById(R.id.bench_run_all);
        cancel = root.findViewById(R.id.bench_cancel);
        progress = (ProgressBar) root.findViewById(R.id.bench_progress);
        message = (TextView) root.findViewById(R.id.bench_message);
        results = (TextView) root.findViewById(R.id.bench_results);
        export = root.findViewById(R.id.bench_export);
        progress.setMax(STEPS);
        View.OnClickListener clicks = new Clicks();
        for (View button : new View[] {run, runAll, cancel, export}) {
            button.setOnClickListener(clicks);
        }
        export.setEnabled(false);
    }

    @Override
    public void onShow() {
        work.setListener(this);
        onWorkbenchChanged();
    }

    @Override
    public void onHide() {
        work.setListener(null);
    }

    @Override
    public void onWorkbenchChanged() {
        boolean running = workbench.busy() == R.string.busy_bench;
        Models.Model chosen = workbench.chosen();
        boolean free = workbench.busy() == 0 && chosen != null;
        run.setEnabled(free);
        runAll.setEnabled(free);
        cancel.setEnabled(running);
        progress.setVisibility(running ? View.VISIBLE : View.INVISIBLE);
        root.setKeepScreenOn(running);
        settings.setText(chosen == null ? activity.getString(R.string.engine_none)
                : activity.getString(R.string.bench_settings, chosen,
                        activity.getString(workbench.settings.gpu() ? R.string.gpu : R.string.cpu),
                        workbench.settings.threads()));
        if (workbench.busy() == R.string.busy_video) {
            message.setText(workbench.busy());
        }
    }

    @Override
    public void onDocument(int request, Uri document) {
        if (request == SAVE_ONE_REQUEST) {
            work.exportTo(document);
        } else if (request == SAVE_ALL_REQUEST) {
            work.exportToTree(document);
        }
    }

    @Override
    public void onBenchStatus(BenchStatus newStatus) {
        status = newStatus;
        progress.setProgress(Math.round(status.progress * STEPS));
        export.setEnabled(status.running == null && !status.results.isEmpty());
        message.setText(status.running != null ? activity.getString(R.string.bench_running, status.running)
                : status.note == null ? "" : status.note);
        StringBuilder text = new StringBuilder();
        for (BenchStatus.Result result : status.results) {
            text.append(activity.getString(R.string.bench_result, result.model,
                    FiguresText.engine(activity, result.engine, result.fallback))).append('\n')
                    .append(FiguresText.table(activity, result.stages)).append('\n');
        }
        results.setText(text);
    }

    private void start(List<Models.Model> models) {
        boolean clip = source.getSelectedItemPosition() == 0;
        int count = Integer.parseInt(frames.getSelectedItem().toString());
        if (!work.run(models, clip, count)) {
            message.setText(workbench.busy());
        }
    }

    private List<Models.Model> usable() {
        List<Models.Model> usable = new ArrayList<Models.Model>();
        for (Models.Model model : workbench.list()) {
            if (model.spec != null) {
                usable.add(model);
            }
        }
        return usable;
    }

    private void export() {
        boolean one = status.results.size() == 1;
        Intent intent = new Intent(one ? Intent.ACTION_CREATE_DOCUMENT : Intent.ACTION_OPEN_DOCUMENT_TREE);
        if (one) {
            intent.addCategory(Intent.CATEGORY_OPENABLE).setType("application/json")
                    .putExtra(Intent.EXTRA_TITLE, activity.getString(R.string.bench_file));
        }
        try {
            activity.startActivityForResult(intent, one ? SAVE_ONE_REQUEST : SAVE_ALL_REQUEST);
        } catch (ActivityNotFoundException error) {
            message.setText(R.string.no_picker);
        }
    }

    /** The buttons. */
    private final class Clicks implements View.OnClickListener {
        @Override
        public void onClick(View view) {
            if (view == run) {
                start(Collections.singletonList(workbench.chosen()));
            } else if (view == runAll) {
                start(usable());
            } else if (view == cancel) {
                work.cancel();
            } else {
                export();
            }
        }
    }
}
